import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AdapterError, isAdapterError, isBranded } from './adapter-error.js';
import { isOurs, told } from './told.js';

const BRAND = Symbol.for('@acme/tenancy-kysely:error');

class TenantKyselyError extends AdapterError<'kysely_misconfigured' | 'kysely_refused'> {
  readonly [BRAND] = true;
  override readonly name = 'TenantKyselyError';
}

describe('an error family of an adapter', () => {
  const cause = new Error('below');
  const error = new TenantKyselyError('kysely_refused', 'this query is not known to be safe.', { cause });

  it('has a code, and a message that begins with it', () => {
    expect(error).toMatchObject({ code: 'kysely_refused', name: 'TenantKyselyError', cause });
    expect(error.message).toBe('kysely_refused: this query is not known to be safe.');
  });

  it('is known by its brand and its code, from another copy too', () => {
    const copied = Object.assign(new Error('x'), { code: 'kysely_refused', [BRAND]: true });
    for (const known of [error, copied]) {
      expect(isBranded(known, BRAND)).toBe(true);
      expect(isBranded(known, BRAND, 'kysely_refused')).toBe(true);
      expect(isBranded(known, BRAND, 'kysely_misconfigured')).toBe(false);
    }
    for (const other of [new Error('x'), null, undefined, 'kysely_refused', { code: 'kysely_refused' }]) {
      expect([isBranded(other, BRAND), isAdapterError(other)]).toEqual([false, false]);
    }
  });

  it('is known as one of an adapter, which a log does not show', () => {
    expect(isAdapterError(error)).toBe(true);
    expect(inspect(error)).not.toContain('@tenancy/core');
  });

  it('is told to clients by its code alone, whoever branded it, and stays known', () => {
    expect(isOurs(error)).toBe(true);
    const known = told(error);
    expect([known.message, known.stack]).toEqual(['kysely_refused', 'kysely_refused']);
    expect([isBranded(known, BRAND, 'kysely_refused'), isAdapterError(known)]).toEqual([true, true]);
  });
});

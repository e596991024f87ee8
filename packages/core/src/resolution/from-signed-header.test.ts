import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromSignedHeader } from './from-signed-header.js';
import { signTenantHeader } from './signed-header.js';
import { NO_TENANT } from './tenant-source.js';

const secret = 'shared by two services, and by nobody else';
const source = fromSignedHeader({ secret });
const identify = (value: string | string[], from = source) => from.identify({ headers: { 'x-signed-tenant': value } });

afterEach(() => void vi.useRealTimers());

describe('a signed header', () => {
  it.each(['t_acme', 'a.b.c', '…', "'; drop"])('names the tenant %s', (id) => {
    expect(identify(signTenantHeader(id, { secret }))).toEqual({ id });
  });

  it('that is absent says nothing', () => {
    expect(source.identify({ headers: {} })).toBeNull();
  });

  it('is good for the tolerance, in both directions', () => {
    vi.useFakeTimers({ now: 1_000_000_000_000 });
    const value = signTenantHeader('t_acme', { secret });
    for (const [shift, hint] of [
      [59_000, { id: 't_acme' }],
      [-59_000, { id: 't_acme' }],
      [61_000, NO_TENANT],
      [-61_000, NO_TENANT],
    ] as const) {
      vi.setSystemTime(1_000_000_000_000 + shift);
      expect(identify(value)).toEqual(hint);
    }
    vi.setSystemTime(1_000_000_000_000 + 61_000);
    expect(identify(value, fromSignedHeader({ secret, tolerance: 120 }))).toEqual({ id: 't_acme' });
  });

  const good = signTenantHeader('t_acme', { secret });
  const [version, id, time, mac] = good.split('.');
  it.each([
    ['another secret', signTenantHeader('t_acme', { secret: 'another secret, which is as long as it has to be' })],
    [
      'another tenant under the same signature',
      [version, Buffer.from('t_globex').toString('base64url'), time, mac].join('.'),
    ],
    ['another time under the same signature', [version, id, Number(time) + 1, mac].join('.')],
    ['another version', ['v2', id, time, mac].join('.')],
    ['no signature', [version, id, time].join('.')],
    ['an empty signature', [version, id, time, ''].join('.')],
    ['more parts', `${good}.x`],
    ['two headers', `${good}, ${good}`],
    ['the bare tenant', 't_acme'],
    ['nothing', ''],
  ])('with %s never agrees', (_, value) => {
    expect(identify(value)).toBe(NO_TENANT);
  });

  it('can have another name', () => {
    const other = fromSignedHeader({ secret, header: 'X-Tenant' });
    expect(other.identify({ headers: { 'x-tenant': good } })).toEqual({ id: 't_acme' });
    expect(identify(good, other)).toBeNull();
  });
});

describe('wrong options are refused at start, by name and with the fix', () => {
  it.each([
    [{ secret: undefined }, 'fromSignedHeader.secret: is empty. Set'],
    [{ secret: '' }, 'fromSignedHeader.secret'],
    [{ secret, tolerance: 0 }, 'fromSignedHeader.tolerance'],
    [{ secret, tolerance: Number.NaN }, 'fromSignedHeader.tolerance'],
    [{ secret, header: 'a b' }, 'fromSignedHeader.header'],
  ])('%j', (options, message) => {
    expect(() => fromSignedHeader(options)).toThrow(message);
  });

  it('and a sender without a secret or a tenant', () => {
    expect(() => signTenantHeader('t_acme', { secret: '' })).toThrow('signTenantHeader.secret');
    expect(() => signTenantHeader('', { secret })).toThrow('signTenantHeader');
  });
});

import type { Tenant } from '@tenancy/core';
import { describe, expect, it, vi } from 'vitest';
import type { Isolation } from '../../src/connections/isolation.js';
import { isolationByTenant } from '../../src/isolation/isolation-by-tenant.js';

const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };

const strategy = (schema: string, setting = 'app.tenant_id') => ({
  strategy: 'row-level-security' as const,
  setting,
  place: vi.fn(({ id }: Tenant) => ({
    settings: [
      [setting, id],
      ['search_path', schema],
    ] as const,
    ownsTables: true,
  })),
  end: vi.fn(async () => {}),
});

describe('isolationByTenant', () => {
  it('places each tenant by the strategy that was chosen for it, and the others by the usual one', () => {
    const [usual, own] = [strategy('shared'), strategy('own')];
    const isolation = isolationByTenant(usual, ({ id }) => (id === acme.id ? own : undefined));
    expect(isolation).toMatchObject({ strategy: 'by-tenant', setting: 'app.tenant_id' });
    expect(isolation.place(acme).settings).toEqual([
      ['app.tenant_id', acme.id],
      ['search_path', 'own'],
    ]);
    expect(isolation.place(globex).settings).toEqual([
      ['app.tenant_id', globex.id],
      ['search_path', 'shared'],
    ]);
    expect(own.place).toHaveBeenCalledExactlyOnceWith(acme);
    expect(usual.place).toHaveBeenCalledExactlyOnceWith(globex);
  });

  it('refuses a strategy that carries the tenant in another setting', () => {
    const other = strategy('own', 'hiring.tenant');
    const isolation = isolationByTenant(strategy('shared'), () => other);
    expect(() => isolation.place(acme)).toThrow(
      expect.objectContaining({ code: 'floor_misconfigured', message: expect.stringContaining('hiring.tenant') }),
    );
    expect(other.place).not.toHaveBeenCalled();
  });

  it('places nobody by the usual strategy because `choose` threw', () => {
    const usual = strategy('shared');
    const cause = new Error('no plan known');
    const isolation = isolationByTenant(usual, () => {
      throw cause;
    });
    expect(() => isolation.place(acme)).toThrow(expect.objectContaining({ code: 'tenant_unplaceable', cause }));
    expect(usual.place).not.toHaveBeenCalled();
  });

  it.each([null, false, 'own', {}, Promise.resolve(strategy('own'))])('refuses %o as a strategy', (answer) => {
    const isolation = isolationByTenant(strategy('shared'), () => answer as never);
    expect(() => isolation.place(acme)).toThrow(expect.objectContaining({ code: 'tenant_unplaceable' }));
  });

  it('ends each strategy that was used, once', async () => {
    const [usual, own, unused] = [strategy('shared'), strategy('own'), strategy('unused')];
    const isolation = isolationByTenant(usual, ({ id }) =>
      id === acme.id ? own : id === 'nobody' ? unused : undefined,
    );
    for (const tenant of [acme, globex, acme, globex]) isolation.place(tenant);
    await Promise.all([isolation.end?.(), isolation.end?.()]);
    expect(usual.end).toHaveBeenCalledTimes(1);
    expect(own.end).toHaveBeenCalledTimes(1);
    expect(unused.end).not.toHaveBeenCalled();
  });

  it('ends the others when one cannot be ended, and says so when all are done', async () => {
    const [usual, own] = [strategy('shared'), strategy('own')];
    const failure = new Error('still there');
    usual.end.mockImplementation(() => {
      throw failure;
    });
    const isolation = isolationByTenant(usual, ({ id }) => (id === acme.id ? own : undefined));
    for (const tenant of [globex, acme]) isolation.place(tenant);
    await expect(isolation.end?.()).rejects.toBe(failure);
    expect(own.end).toHaveBeenCalledTimes(1);
  });

  it('reports every strategy that could not be ended', async () => {
    const [usual, own] = [strategy('shared'), strategy('own')];
    usual.end.mockRejectedValue(new Error('one'));
    own.end.mockRejectedValue(new Error('two'));
    const isolation = isolationByTenant(usual, ({ id }) => (id === acme.id ? own : undefined));
    for (const tenant of [globex, acme]) isolation.place(tenant);
    await expect(isolation.end?.()).rejects.toMatchObject({ errors: [new Error('one'), new Error('two')] });
  });

  it('ends a strategy that opens nothing', async () => {
    const { end: _, ...usual } = strategy('shared');
    const isolation = isolationByTenant(usual, () => undefined);
    isolation.place(acme);
    await expect(isolation.end?.()).resolves.toBeUndefined();
  });

  it('places nobody after the end', async () => {
    const isolation = isolationByTenant(strategy('shared'), () => undefined);
    await isolation.end?.();
    expect(() => isolation.place(acme)).toThrow(expect.objectContaining({ code: 'tenant_unplaceable' }));
  });

  it.each<[unknown, unknown]>([
    [undefined, () => undefined],
    [{}, () => undefined],
    [strategy('shared'), undefined],
  ])('refuses arguments that are missing or wrong', (byDefault, choose) => {
    expect(() => isolationByTenant(byDefault as Isolation, choose as never)).toThrow(
      expect.objectContaining({ code: 'floor_misconfigured' }),
    );
  });

  it('refuses a schema for one tenant beside others without one, and keeps the name of the usual strategy for SQL', () => {
    const bySchema = { ...strategy('own'), strategy: 'schema-per-tenant' as const };
    const beside = isolationByTenant(strategy('shared'), () => bySchema);
    expect(() => beside.place(acme)).toThrow('floor_misconfigured');
    const usual = isolationByTenant(bySchema, () => undefined);
    expect(usual.strategy).toBe('schema-per-tenant');
    expect(usual.place(acme)).toEqual(bySchema.place(acme));
  });
});

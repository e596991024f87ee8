import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Tenant } from '@tenancy/core';
import pg from 'pg';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { databasePerTenant } from '../../src/isolation/database-per-tenant.js';
import { forAllTests } from '../database/for-all-tests.js';
import { failureOf, openTenantDatabases, POLL, record, titlesOf } from './database-fixture.js';

describe('databasePerTenant, when a database cannot be used', () => {
  const databases = forAllTests(() => openTenantDatabases(2));
  let acme: Tenant;
  let globex: Tenant;

  beforeAll(async () => {
    [acme, globex] = databases.tenants as [Tenant, Tenant];
  });

  const unreachable = 'postgres://app:hunter2@127.0.0.1:1/acme';

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('no vault for app:hunter2');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no vault for app:hunter2'))],
  ])('tells all who wait when `connection` %s, and asks again for the next', async (_, fail) => {
    const connection = vi.fn((tenant: Tenant): string | Promise<string> => databases.urlOf(tenant));
    connection.mockImplementationOnce(fail);
    const { isolation, titles, connect } = record(databases, { connection });
    const failures = await Promise.all([failureOf(connect(acme)), failureOf(connect(acme)), failureOf(connect(acme))]);
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'tenant_unplaceable', cause: new Error('no vault for app:hunter2') });
      expect(failure.message).not.toMatch(/hunter2|t_acme/);
    }
    expect(await titles(acme)).toEqual(titlesOf(acme));
    expect(connection).toHaveBeenCalledTimes(2);
    await isolation.end?.();
  });

  it.each<[unknown]>([
    [undefined],
    [null],
    [''],
    [7],
    [[]],
    [{}],
    [{ host: 'db', password: 'hunter2' }],
    [{ host: 5, database: 'acme', password: 'hunter2' }],
    ['postgres://app:hunter2@db'],
    ['postgres://app:hunter2@db:port/acme'],
  ])('refuses the answer %j without repeating it, and asks again for the next', async (answer) => {
    const connection = vi.fn((tenant: Tenant): string => databases.urlOf(tenant));
    connection.mockReturnValueOnce(answer as string);
    const { isolation, titles, connect } = record(databases, { connection });
    const failure = await failureOf(connect(acme));
    expect(failure).toMatchObject({ code: 'tenant_unplaceable' });
    expect(`${failure.message} ${String(failure.cause)}`).not.toMatch(/hunter2|t_acme/);
    expect(await titles(acme)).toEqual(titlesOf(acme));
    await isolation.end?.();
  });

  it('passes on why a database cannot be reached, keeps no place for it, and asks again where it is', async () => {
    const connection = vi.fn((tenant: Tenant): string => databases.urlOf(tenant));
    connection.mockReturnValueOnce(unreachable);
    const { isolation, titles, connect, log } = record(databases, {
      connection,
      maxDatabases: 1,
      acquireTimeoutMillis: 0,
    });
    expect(await failureOf(connect(acme))).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await titles(globex)).toEqual(titlesOf(globex));
    expect(await titles(acme)).toEqual(titlesOf(acme));
    expect(log).toEqual(['open acme', 'close acme', 'open globex', 'close globex', 'open acme']);
    await isolation.end?.();
  });

  it('passes on that a database does not exist', async () => {
    const missing: Tenant = { id: 't_missing', slug: 'missing' };
    const url = new URL(databases.urlOf(acme));
    url.pathname = '/no_such_database';
    const { isolation, connect, log } = record(databases, { connection: () => url.href });
    expect(await Promise.all([failureOf(connect(missing)), failureOf(connect(missing))])).toMatchObject([
      { code: '3D000' },
      { code: '3D000' },
    ]);
    await vi.waitFor(() => expect(log).toEqual(['open missing', 'close missing']), POLL);
    await isolation.end?.();
  });

  it('gives the place back when a pool cannot be made', async () => {
    const { isolation, titles } = record(databases, { maxDatabases: 1, acquireTimeoutMillis: 0 });
    const failure = new Error('no pool');
    const createPool = () => {
      throw failure;
    };
    expect(await failureOf(isolation.place(acme).connect?.(createPool) as Promise<unknown>)).toBe(failure);
    expect(await titles(globex)).toEqual(titlesOf(globex));
    expect(await titles(acme)).toEqual(titlesOf(acme));
    await isolation.end?.();
  });

  it('leads no second tenant to the database of another, however it is spelled', async () => {
    const url = new URL(databases.urlOf(acme));
    const { isolation, titles, connect, log } = record(databases, {
      connection: (tenant) =>
        tenant === acme
          ? url.href
          : {
              host: url.hostname === '127.0.0.1' ? 'LOCALHOST' : url.hostname.toUpperCase(),
              port: Number(url.port || 5432),
              user: decodeURIComponent(url.username),
              password: decodeURIComponent(url.password),
              database: url.pathname.slice(1),
            },
    });
    await titles(acme);
    const failure = await failureOf(connect(globex));
    expect(failure).toMatchObject({ code: 'tenant_unplaceable' });
    expect(failure.message).toContain('two tenants were given the same database');
    expect(failure.message).not.toMatch(/t_acme|t_globex/);
    expect(log).toEqual(['open acme']);
    expect(await titles(acme)).toEqual(titlesOf(acme));
    await isolation.end?.();
  });

  it('lets a tenant move, and keeps its old database from the others', async () => {
    let url = databases.urlOf(acme);
    const { isolation, titles, connect, log } = record(databases, {
      connection: (tenant) => (tenant === acme ? url : databases.urlOf(acme)),
      idleTimeoutMillis: 20,
    });
    expect(await titles(acme)).toEqual(titlesOf(acme));
    await vi.waitFor(() => expect(log).toContain('close acme'), POLL);
    url = databases.urlOf(globex);
    expect(await titles(acme)).toEqual(titlesOf(globex));
    expect(await failureOf(connect(globex))).toMatchObject({ code: 'tenant_unplaceable' });
    await isolation.end?.();
  });

  it("takes any string for a tenant's id", async () => {
    const ids = ['__proto__', 'constructor', ' ', 'a\u0301', '\u00e1'];
    const seen: string[] = [];
    const { isolation, connect } = record(databases, {
      connection: ({ id }) => {
        seen.push(id);
        return `postgres://localhost:1/${encodeURIComponent(id)}x${seen.length}`;
      },
    });
    for (const id of ids) await failureOf(connect({ id, slug: 'any' }));
    expect(seen).toEqual(ids);
    await isolation.end?.();
  });

  it('remembers little of a tenant whose database is closed', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { place, end } = databasePerTenant({
      connection: ({ slug }) => `postgres://db.internal/tenant_${slug}`,
      maxDatabases: 5,
    });
    // A pool without a server: what is measured is what the strategy keeps.
    const createPool = () =>
      Object.assign(new pg.Pool(), { connect: async () => ({ release: () => {} }), end: async () => {} }) as pg.Pool;
    const visit = async (from: number, to: number) => {
      for (let n = from; n < to; n++) {
        const client = await place({ id: `tenant_number_${n}`, slug: `number_${n}` }).connect?.(createPool);
        client?.release();
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await visit(0, 1_000);
    const after = await visit(1_000, 11_000);
    expect((after - before) / 10_000).toBeLessThan(500);
    await end?.();
  });
});

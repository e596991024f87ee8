import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FuzzIsolationOptions, fuzzIsolation } from '../../src/oracle.js';
import { type PostgresServer, startPostgres, type TestDatabase } from '../../src/postgres.js';
import { openSalesDatabase, query } from './database.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
let server: PostgresServer;
let database: TestDatabase;
const nothing = () => ({});

beforeAll(async () => {
  // A server of its own: what is there of copies and roles is this file's alone, also while another run goes on beside it.
  server = await startPostgres();
  database = await openSalesDatabase(server.url);
});
afterAll(async () => {
  await database.stop();
  await server.stop();
});

const options = (more: Partial<FuzzIsolationOptions> = {}): FuzzIsolationOptions => ({
  url: database.url,
  tenants: [acme, globex],
  tenantColumn: 'Tenant',
  ...more,
});
const refusal = (text: string) =>
  expect.objectContaining({ code: 'fuzz_misuse', message: expect.stringContaining(text) });

describe('a misuse of fuzzIsolation is an error, and leaves no copies', () => {
  const wrong: [string, Partial<FuzzIsolationOptions>, string][] = [
    ['one tenant', { tenants: [acme] }, 'at least two'],
    ['the same tenant twice', { tenants: [acme, globex, { ...acme, slug: 'other' }] }, 't_acme is named twice'],
    ['a tenant without rows', { tenants: [acme, { id: 't_none', slug: 'none' }] }, 't_none has no rows'],
    ['a column that no table has', { tenantColumn: 'tenant' }, 'no table of the database has the column tenant'],
    ['no database', { url: 'mysql://localhost/test' }, '`url` is no URL of a PostgreSQL database'],
    ['a server that is not there', { url: 'postgres://127.0.0.1:1/none' }, 'cannot be reached'],
    ['no runs', { runs: 0 }, '`runs` is 0'],
    ['a seed that is no number', { seed: Number.NaN }, '`seed` is NaN'],
    ['a client without models', {}, 'it has no models'],
    ['a schema without models', { schema: { models: {} } }, '`schema` has no models'],
    ['a schema of an earlier generator', { schema: { models: { Order: [] } } }, 'Run `prisma generate` again'],
    ['a schema of another client', { schema: { models: { Order: [] }, keys: { Order: [] } } }, 'has no model Order'],
  ];
  it.each(wrong)('%s', async (_name, more, text) => {
    await expect(fuzzIsolation(nothing, options(more))).rejects.toEqual(refusal(text));
    expect(await query(server.url, `select datname from pg_database where datname like 'tenancy_oracle_%'`)).toEqual(
      [],
    );
  });

  it('a role that is no superuser', async () => {
    await query(database.url, `create role fuzzer login password 'fuzzer' createdb`);
    const url = new URL(database.url);
    url.username = 'fuzzer';
    url.password = 'fuzzer';
    try {
      await expect(fuzzIsolation(nothing, options({ url: url.href }))).rejects.toEqual(refusal('is no superuser'));
    } finally {
      await query(database.url, 'drop role fuzzer');
    }
  });

  it('a database that somebody is connected to', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await expect(fuzzIsolation(nothing, options())).rejects.toEqual(refusal('the database is in use'));
    await client.end();
  });

  it('an `open` that fails', async () => {
    const open = () => {
      throw new Error('no client today');
    };
    await expect(fuzzIsolation(open, options())).rejects.toThrow('no client today');
    expect(await query(server.url, `select datname from pg_database where datname like 'tenancy_oracle_%'`)).toEqual(
      [],
    );
  });

  /** A client of a model over one table, which answers as `findMany` does here and fails at all else. */
  const orders = (findMany: () => Promise<object[]>) => () => ({ order: { findMany } });
  const schema = {
    models: { Order: [{ name: 'id', type: 'Int', isList: false, isRequired: true, nativeType: null, relation: null }] },
    keys: { Order: [{ name: 'id', fields: ['id'] }] },
  };

  it('a client that shows nothing, or cannot read', async () => {
    await expect(
      fuzzIsolation(
        orders(async () => []),
        options({ schema }),
      ),
    ).rejects.toEqual(refusal('no row'));
    const failing = orders(() => Promise.reject(new Error('no such table')));
    await expect(fuzzIsolation(failing, options({ schema }))).rejects.toEqual(
      refusal('cannot read Order: no such table'),
    );
  });

  it('a client that refuses almost everything', async () => {
    let reads = 0;
    const once = orders(async () => {
      if ((reads += 1) > 2) throw new Error('no more');
      return [{ id: 1 }];
    });
    await expect(fuzzIsolation(once, options({ schema, seed: 1, runs: 50 }))).rejects.toMatchObject({
      code: 'too_few_answers',
      message: expect.stringContaining('only 0 of 50'),
    });
  });
});

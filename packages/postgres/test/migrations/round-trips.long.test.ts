import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eachDatabase, migrate } from '../../src/migrations.js';
import { type CountingProxy, countingProxy } from './counting-proxy.js';
import { Workplace } from './workplace.js';

let place: Workplace;
let proxy: CountingProxy;
beforeEach(async () => {
  place = await Workplace.open();
  proxy = await countingProxy(place.url);
});
afterEach(async () => {
  await proxy.stop();
  await place.stop();
});

const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, index) => `${letter}${index}`);
const files = async (count: number) => {
  for (let n = 0; n < count; n += 1) {
    await place.file(
      `000${n}.sql`,
      `create table t${n} as select pg_current_xact_id()::text as id, pg_backend_pid() as pid;`,
    );
  }
};
const counted = async (work: () => Promise<unknown>) => {
  proxy.reset();
  await work();
  return proxy.roundTrips;
};
const run = (tenants: readonly string[], options = {}) =>
  place.schemas(tenants, { connection: proxy.url, lockTimeoutMillis: 60_000, ...options });

describe('what a run costs', () => {
  it('O1: each schema is one round trip and one transaction, however many migrations it lacks', async () => {
    await files(6);
    const few = await counted(() => run(numbered('a', 4), { workers: 1 }));
    const more = await counted(() => run(numbered('b', 24), { workers: 1 }));
    expect(more - few).toBeLessThanOrEqual(20);
    const all = [...numbered('a', 4), ...numbered('b', 24)].flatMap((schema) =>
      numbered('t', 6).map((table) => `select '${schema}' as schema, id from ${schema}.${table}`),
    );
    const transactions = await place.rows(`select distinct schema, id from (${all.join(' union all ')}) ids`);
    expect(transactions).toHaveLength(28);
    expect(new Set(transactions.map(({ id }) => id)).size).toBe(28);
  });

  it('O1, O14: with policies each schema is one round trip, when those of the first are known', async () => {
    const policies = { role: `app_${randomBytes(5).toString('hex')}` };
    await place.file('0001.sql', 'create table job (tenant_id text not null, id int);');
    try {
      const few = await counted(() => run(numbered('a', 4), { workers: 1, policies }));
      const more = await counted(() => run(numbered('b', 24), { workers: 1, policies }));
      // One look each second at what it waits for, too.
      expect(more - few).toBeLessThan(30);
      // In batches the first one's go before all others.
      const batches = await counted(() => run(numbered('c', 44), { workers: 1, policies, batch: 10 }));
      expect(batches - few).toBeLessThan(20);
      expect(await place.rows('select count(*)::int as n from pg_policy')).toEqual([{ n: 2 * (4 + 24 + 44) }]);
    } finally {
      await place.client.query(`drop owned by ${policies.role}; drop role ${policies.role}`);
    }
  });

  it('O1: a batch of ten schemas is one round trip and one transaction', async () => {
    // No function is called, as of those each schema is looked at by itself.
    for (const n of [1, 2, 3]) await place.file(`000${n}.sql`, `create table plain_${n} (id int);`);
    const few = await counted(() => run(numbered('a', 10), { workers: 1, batch: 10 }));
    const more = await counted(() => run(numbered('b', 40), { workers: 1, batch: 10 }));
    expect(more - few).toBeLessThanOrEqual(3);
    const transactions = await place.rows(
      `select distinct c.xmin::text from pg_class c where relname ~ '^plain_' and relnamespace::regnamespace::text ~ '^b'`,
    );
    expect(transactions).toHaveLength(4);
  });

  it('O2: four connections work on schemas, and not more unless it is said', async () => {
    await files(1);
    await place.file('0002_slow.sql', 'select pg_sleep(0.05);');
    const pids = async (tenants: readonly string[]) =>
      (await place.rows(tenants.map((tenant) => `select pid from ${tenant}.t0`).join(' union '))).length;
    await run(numbered('a', 24));
    expect(await pids(numbered('a', 24))).toBe(4);
    await run(numbered('b', 24), { workers: 6 });
    expect(await pids(numbered('b', 24))).toBe(6);
  });

  it('O5, G9: that there is nothing to do is seen by as many queries for sixty schemas as for six', async () => {
    await files(2);
    const all = numbered('a', 60);
    await run(all, { batch: 10 });
    const few = await counted(() => run(all.slice(0, 6)));
    const connections = proxy.connections;
    const many = await counted(() => run(all));
    expect(many).toBe(few);
    expect([connections, proxy.connections]).toEqual([1, 1]);
    expect(many).toBeLessThanOrEqual(8);
  });

  it('O5: a database of a tenant with nothing to do is one connection, one query and no lock', async () => {
    await files(2);
    const names = numbered(`${new URL(place.url).pathname.slice(1)}_`, 3);
    for (const name of names) await place.client.query(`create database ${name}`);
    const all = () =>
      migrate({
        directory: place.directory,
        targets: eachDatabase({
          tenants: names.map((id) => ({ id, slug: id })),
          connection: ({ id }) => Object.assign(new URL(proxy.url), { pathname: id }).href,
        }),
      });
    try {
      expect(await all()).toMatchObject({ migrated: 3, current: 0 });
      // One at the beginning says whether it is PostgreSQL itself.
      expect(await counted(async () => expect(await all()).toMatchObject({ migrated: 0, current: 3 }))).toBe(2 * 3);
      expect(proxy.connections).toBe(3);
      await place.file('0009.sql', 'create table last ();');
      expect(await all()).toMatchObject({ migrated: 3, current: 0 });
    } finally {
      for (const name of names) await place.client.query(`drop database if exists ${name} with (force)`);
    }
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { databasePerTenant, schemaPerTenant, type TenantPoolOptions } from '../../src/index.js';
import { acme, openFloorDatabase, tenants } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn } from './interleaved.js';
import { openWireProxy } from './wire-proxy.js';

const ALL = 'select * from job order by id';

describe('the end of a pool', () => {
  const database = forAllTests(openFloorDatabase);
  beforeAll(async () => {
    const { username } = new URL(database.url);
    for (const { id } of tenants) {
      await database.outside.query(`create schema "tenant_${id}"; grant usage on schema "tenant_${id}" to ${username}`);
    }
  });

  const strategies: readonly (readonly [string, () => Partial<TenantPoolOptions>])[] = [
    ['row-level security', () => ({})],
    ['schemas', () => ({ isolation: schemaPerTenant({ shared: ['public'] }) })],
    ['databases', () => ({ isolation: databasePerTenant({ connection: () => database.url }) })],
  ];

  it.each(strategies)('a query that was asked before it is answered on a cold pool: %s', async (_, options) => {
    for (const max of [1, 2]) {
      const pool = database.pool({ ...options(), max });
      const asked = database.context.run(acme, () => [pool.query(ALL), pool.query({ text: ALL }), pool.query(ALL)]);
      const called = database.context.run(
        acme,
        () => new Promise((resolve) => pool.query(ALL, (error) => resolve(error))),
      );
      const client = database.context.run(acme, () => pool.connect());
      const ended = pool.end();
      for (const { rows } of await Promise.all(asked)) expect(areOwn(acme, rows)).toBe(true);
      expect(await called).toBeFalsy();
      expect(areOwn(acme, (await (await client).query(ALL)).rows)).toBe(true);
      (await client).release();
      await ended;
      expect(pool.ended).toBe(true);
    }
  });

  it('what is asked after it is refused at once, while others are still on their way, and so is a second end', async () => {
    const pool = database.pool({ max: 1 });
    const asked = database.context.run(acme, () => pool.query(ALL));
    const ended = pool.end();
    await expect(database.context.run(acme, () => pool.query(ALL))).rejects.toThrow(/after calling end/);
    await expect(database.context.run(acme, () => pool.connect())).rejects.toThrow(/after calling end/);
    await expect(pool.end()).rejects.toThrow(/more than once/);
    expect(areOwn(acme, (await asked).rows)).toBe(true);
    await ended;
    await expect(pool.end()).rejects.toThrow(/more than once/);
  });

  it('it ends as well when those who were on their way are refused', async () => {
    await database.outside.query('create table unheld (tenant_id text); grant select on unheld to public');
    const pool = database.pool({ max: 1 });
    const asked = database.context.run(acme, () => pool.query(ALL));
    const ended = pool.end();
    await expect(asked).rejects.toMatchObject({ code: 'floor_unsafe' });
    await ended;
    await database.outside.query('drop table unheld');
  });

  it('it does not wait for a server that falls silent, however short the pool waits for a connection', async () => {
    const proxy = await openWireProxy(database.url);
    const pool = database.pool({ connectionString: proxy.url, max: 1, connectionTimeoutMillis: 300 });
    await database.context.run(acme, () => pool.query(ALL));
    proxy.reply = () => [];
    const asked = database.context.run(acme, () => pool.query(ALL)).catch((error: unknown) => error);
    const begun = Date.now();
    await pool.end();
    expect(Date.now() - begun).toBeLessThan(17_000);
    expect(await asked).toMatchObject({ code: 'database_unreachable' });
    await proxy.stop();
  }, 25_000);

  it('nor cuts a slow query off where the server needs longer than that to let somebody in', async () => {
    const proxy = await openWireProxy(database.url);
    const pool = database.pool({ connectionString: proxy.url, max: 1, connectionTimeoutMillis: 300 });
    await database.context.run(acme, () => pool.query(ALL));
    const asked = database.context.run(acme, () => pool.query('select pg_sleep(7), * from job limit 1'));
    const [first] = proxy.wires;
    // pg gives its socket up before this has come.
    proxy.reply = (message, wire) => {
      if (wire === first) return [message];
      setTimeout(() => wire.client.write(message), 1_000);
      return [];
    };
    await pool.end();
    expect((await asked).rowCount).toBe(1);
    await proxy.stop();
  }, 25_000);

  it('twin: the queries of three tenants before the end of a cold pool', async () => {
    const pool = database.pool({ max: 2 });
    const asked = tenants.flatMap((tenant) =>
      Array.from({ length: 6 }, async () => {
        const { rows } = await database.context.run(tenant, () => pool.query(ALL));
        return areOwn(tenant, rows);
      }),
    );
    const ended = pool.end();
    expect(new Set(await Promise.all(asked))).toEqual(new Set([true]));
    await ended;
  });
});

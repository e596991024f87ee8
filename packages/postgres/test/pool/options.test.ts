import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createTenantPool, type Isolation, isTenantFloorError, rowLevelSecurity, TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from './interleaved.js';
import { openWireProxy } from './wire-proxy.js';

const source = { current: () => acme, isActive: (): boolean => true };
const ALL = 'select * from job order by id';

describe('options of the pool', () => {
  const database = forAllTests(openFloorDatabase);

  it.each([
    ['no options', undefined, 'context'],
    ['no context', { isolation: rowLevelSecurity() }, 'context'],
    ['a context that is none', { context: {}, isolation: rowLevelSecurity() }, 'context'],
    ['no isolation', { context: source }, 'isolation'],
    ['a Client', { context: source, isolation: rowLevelSecurity(), Client: pg.Client }, 'Client'],
    ['pipeline', { context: source, isolation: rowLevelSecurity(), pipeline: true }, 'pipeline'],
  ])('%s is refused where the pool is made', (_, options, name) => {
    let thrown: unknown;
    try {
      createTenantPool(options as never);
    } catch (error) {
      thrown = error;
    }
    expect(isTenantFloorError(thrown, 'floor_misconfigured')).toBe(true);
    expect(String(thrown)).toContain(`\`${name}\``);
  });

  it.each(["app.tenant', 'x', true); drop table job; --", 'App.Tenant', 'tenant-id', 'app.', ' '])(
    'the setting %j is refused before it is in any text',
    async (setting) => {
      const proxy = await openWireProxy(database.url);
      const isolation: Isolation = {
        strategy: 'row-level-security',
        setting,
        place: ({ id }) => ({ settings: [[setting, id]], ownsTables: false }),
      };
      for (const checks of [{}, { 'two-tenants': 'off' }] as const) {
        const pool = database.pool({ connectionString: proxy.url, isolation, checks });
        await expect(database.context.run(acme, () => pool.query(ALL))).rejects.toMatchObject({
          code: 'floor_misconfigured',
        });
        await expect(database.context.run(acme, () => pool.connect())).rejects.toMatchObject({
          code: 'floor_misconfigured',
        });
        await pool.end();
      }
      expect(proxy.texts).toEqual([]);
      await proxy.stop();
    },
  );

  it('is a pg.Pool, with its counts, its events and its end', async () => {
    const pool = database.pool({ max: 2 });
    expect(pool).toBeInstanceOf(pg.Pool);
    expect(pool).toBeInstanceOf(TenantPool);
    const heard: string[] = [];
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const) pool.on(event, () => heard.push(event));
    await database.context.run(acme, () => Promise.all([pool.query(ALL), pool.query(ALL), pool.query(ALL)]));
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([2, 2, 0]);
    const removed = new Promise((resolve) => pool.once('remove', resolve));
    (await database.context.run(acme, () => pool.connect())).release(true);
    await removed;
    await pool.end();
    expect([...new Set(heard)].sort()).toEqual(['acquire', 'connect', 'release', 'remove']);
    await expect(database.context.run(acme, () => pool.query(ALL))).rejects.toThrow(/after calling end/);
    await expect(database.context.run(acme, () => pool.connect())).rejects.toThrow(/after calling end/);
    await expect(pool.end()).rejects.toThrow(/more than once/);
    const another = database.pool();
    await new Promise<void>((resolve) => another.end(() => resolve()));
    expect(another.ended).toBe(true);
  });

  it.each([
    [
      'a listener of `connect`',
      (pool: TenantPool) => pool.on('connect', (client) => void client.query("set lock_timeout = '4321ms'")),
      {},
    ],
    ['`onConnect`', () => {}, { onConnect: (client: pg.ClientBase) => client.query("set lock_timeout = '4321ms'") }],
  ])('%s sets every connection up, which stays, and stays set up', async (_, listen, options) => {
    const pool = database.pool({ max: 3, ...(options as object) });
    listen(pool);
    let connected = 0;
    let wrong = 0;
    pool.on('connect', () => {
      connected += 1;
    });
    await interleaved(database, { callers: 12, rounds: 20 }, async (tenant) => {
      const client = await pool.connect();
      if (!areOwn(tenant, (await client.query(ALL)).rows)) wrong += 1;
      if ((await client.query('show lock_timeout')).rows[0].lock_timeout !== '4321ms') wrong += 1;
      client.release();
    });
    expect({ wrong, connected }).toEqual({ wrong: 0, connected: 3 });
  });

  it("a set-up belongs to no tenant, whoever's query waits behind it", async () => {
    const pool = database.pool({ max: 2 });
    await pool.verify();
    const seen: unknown[] = [];
    pool.on('connect', (client) => {
      const query = client.query("select nullif(current_setting('app.tenant_id', true), '') as tenant");
      seen.push(query.then(({ rows }) => rows[0].tenant));
    });
    await database.context.run(acme, () => Promise.all([pool.query(ALL), pool.query(ALL)]));
    expect(await Promise.all(seen)).toEqual([null]);
  });

  it.each([
    ['LISTEN', 'listen news'],
    ['PREPARE', 'prepare mine as select 1'],
    ['a lock', 'select pg_advisory_lock(1)'],
  ])('a set-up that leaves what would be gone at the next tenant is refused: %s', async (what, text) => {
    const pool = database.pool({ max: 1, onConnect: (client) => client.query(text).then(() => {}) });
    const outcome = await database.context.run(acme, () => pool.query(ALL)).catch((error: unknown) => error);
    expect(isTenantFloorError(outcome, 'floor_misconfigured')).toBe(true);
    expect(String(outcome)).toContain(what);
  });

  it('what a set-up sets stays as it was set, whatever is in it', async () => {
    const odd = 'it\u2019s a \\ "quoted" \'path\'';
    const { username } = new URL(database.url);
    const pool = database.pool({
      max: 1,
      application_name: 'of the start',
      onConnect: async (client) => {
        await client.query(
          "select set_config('my.text', $1, false), set_config('search_path', 'public, pg_catalog', false)",
          [odd],
        );
        await client.query(`set role ${username}`);
      },
    });
    for (const tenant of [acme, globex, acme]) {
      const { rows } = await database.context.run(tenant, () =>
        pool.query(`select current_setting('my.text') as text, current_setting('search_path') as path,
          current_setting('role') as role, current_setting('application_name') as name`),
      );
      expect(rows).toEqual([{ text: odd, path: 'public, pg_catalog', role: username, name: 'of the start' }]);
    }
    expect(pool.totalCount).toBe(1);
  });

  it('a set-up that fails, or whose connection dies, is told, and the pool goes on', async () => {
    const failing = database.pool({
      max: 1,
      onConnect: (client) => client.query('set no_such_thing = 1').then(() => {}),
    });
    await expect(database.context.run(acme, () => failing.query(ALL))).rejects.toThrow(/no_such_thing/);
    const dying = database.pool({ max: 2 });
    await dying.verify();
    const held = await database.context.run(globex, () => dying.connect());
    dying.once('connect', (client) => {
      client.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
    });
    await expect(database.context.run(acme, () => dying.query(ALL))).rejects.toThrow();
    await expect(database.context.run(acme, () => dying.query(ALL))).resolves.toMatchObject({ rowCount: 10 });
    held.release();
    expect(dying.totalCount).toBe(2);
  });

  it('maxUses, idle timeouts and allowExitOnIdle work as in pg', async () => {
    const pool = database.pool({ max: 2, maxUses: 3, idleTimeoutMillis: 5, allowExitOnIdle: true });
    let wrong = 0;
    await interleaved(database, { callers: 9, rounds: 10 }, async (tenant) => {
      if (!areOwn(tenant, (await pool.query(ALL)).rows)) wrong += 1;
    });
    expect(wrong).toBe(0);
  });
});

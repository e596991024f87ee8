import { Query } from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase, tenants } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { interleaved } from './interleaved.js';

const CROWD = { callers: 24, rounds: 10 };

describe('C6: callbacks of a connection that many tenants share', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 3 });
  });

  const now = () => (database.context.isActive() ? database.context.tenantId : null);

  it("are in the asker's context: row events of a Query, on a client and on the pool", async () => {
    const heard = new Set<boolean>();
    await interleaved(database, CROWD, async (tenant) => {
      const client = await pool.connect();
      await new Promise<void>((resolve, reject) => {
        const query = client.query(new Query('select * from job'));
        query.on('row', (row) => heard.add(now() === tenant.id && row.tenant_id === tenant.id));
        query.on('end', () => resolve(void heard.add(now() === tenant.id)));
        query.on('error', reject);
      });
      client.release();
    });
    expect([...heard]).toEqual([true]);
  });

  it("are in the asker's context: client.query(callback), also with an error", async () => {
    const heard = new Set<boolean>();
    await interleaved(database, CROWD, async (tenant) => {
      const client = await pool.connect();
      for (const text of ['select 1', 'select * from nowhere', 'copy job to stdout']) {
        await new Promise<void>((resolve) => client.query(text, () => resolve(void heard.add(now() === tenant.id))));
      }
      client.release();
    });
    expect([...heard]).toEqual([true]);
  });

  it("are in the asker's context: cursor.read(callback) and cursor.close(callback)", async () => {
    const heard = new Set<boolean>();
    await interleaved(database, CROWD, async (tenant) => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor<{ tenant_id: string }>('select * from job'));
      await new Promise<void>((resolve, reject) =>
        cursor.read(3, (error, rows) => {
          if (error) return reject(error);
          for (const row of rows) heard.add(now() === tenant.id && row.tenant_id === tenant.id);
          cursor.close(() => resolve(void heard.add(now() === tenant.id)));
        }),
      );
      client.release();
    });
    expect([...heard]).toEqual([true]);
  });

  it("are in the asker's context: data of a pg-query-stream", async () => {
    const heard = new Set<boolean>();
    await interleaved(database, CROWD, async (tenant) => {
      const client = await pool.connect();
      await new Promise<void>((resolve, reject) => {
        const stream = client.query(new QueryStream('select * from job', [], { batchSize: 4 }));
        stream.on('data', (row) => heard.add(now() === tenant.id && row.tenant_id === tenant.id));
        stream.on('close', () => resolve(void heard.add(now() === tenant.id)));
        stream.on('error', reject);
      });
      client.release();
    });
    expect([...heard]).toEqual([true]);
  });

  it("are in the asker's context: notices, of which only the own are heard", async () => {
    const heard = new Set<string>();
    // Each costs a connection: what a DO block leaves is not known.
    await interleaved(database, { callers: 6, rounds: 2 }, async (tenant) => {
      const client = await pool.connect();
      client.on('notice', ({ message }) => heard.add(`${tenant.id} ${message} ${now()}`));
      await client.query(`do $$ begin raise notice '${tenant.id}'; end $$`);
      client.release();
    });
    expect([...heard].sort()).toEqual(tenants.map(({ id }) => `${id} ${id} ${id}`).sort());
  });

  it("are in the asker's context: a timeout of the checkout, with a callback", async () => {
    const impatient = database.pool({ max: 1 });
    const held = await database.context.run(acme, () => impatient.connect());
    // From here on: a busy machine may take longer to connect.
    impatient.options.connectionTimeoutMillis = 100;
    const seen = await Promise.all(
      tenants.flatMap((tenant) => [
        new Promise((resolve) =>
          database.context.run(tenant, () => impatient.connect((error) => resolve([tenant.id, now(), error?.message]))),
        ),
        new Promise((resolve) =>
          database.context.run(tenant, () =>
            impatient.query('select 1', (error) => resolve([tenant.id, now(), error?.message])),
          ),
        ),
      ]),
    );
    held.release();
    for (const [asker, context, message] of seen as [string, string, string][]) {
      expect([context, message]).toEqual([asker, 'timeout exceeded when trying to connect']);
    }
  });

  it("of the pool and of the socket are in nobody's context", async () => {
    const heard = new Map<string, Set<string | null>>();
    const listen = (own: TenantPool) => {
      for (const event of ['connect', 'acquire', 'release', 'remove', 'error'] as const) {
        own.on(event, () => heard.set(event, (heard.get(event) ?? new Set()).add(now())));
      }
      return own;
    };
    const brief = listen(database.pool({ max: 1, idleTimeoutMillis: 30 }));
    const removed = new Promise<void>((resolve) => brief.once('remove', () => resolve()));
    // With one connection, each is called back by the one before.
    await Promise.all(
      [acme, globex, acme].map((tenant) => database.context.run(tenant, () => brief.query('select 1 from job'))),
    );
    // Left idle by a tenant, and closed by a timer.
    await removed;
    const idle = listen(database.pool({ max: 1, idleTimeoutMillis: 0 }));
    idle.on('connect', (client) => {
      for (const event of ['error', 'end'] as const) {
        client.on(event, () => heard.set(`client ${event}`, (heard.get(`client ${event}`) ?? new Set()).add(now())));
      }
    });
    const held = await database.context.run(globex, () => idle.connect());
    const { rows } = await held.query('select pg_backend_pid() as pid');
    held.release();
    const died = new Promise<void>((resolve) => idle.once('error', () => resolve()));
    await database.outside.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await died;
    await vi.waitUntil(() => heard.has('client end'));
    expect([...heard.keys()].sort()).toEqual([
      'acquire',
      'client end',
      'client error',
      'connect',
      'error',
      'release',
      'remove',
    ]);
    for (const seen of heard.values()) expect([...seen]).toEqual([null]);
  });

  it('of the socket, between two checkouts, are not in the context of the first user', async () => {
    const own = database.pool({ max: 1 });
    const first = await database.context.run(acme, () => own.connect());
    await first.query('select 1');
    first.release();
    const client = await database.context.run(globex, () => own.connect());
    const seen = new Promise((resolve) => client.on('error', () => resolve(now())));
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await database.outside.query('select pg_terminate_backend($1)', [rows[0].pid]);
    expect(await seen).toBe(globex.id);
    client.release(true);
  });
});

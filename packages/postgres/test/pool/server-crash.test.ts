import { TenantContext } from '@tenancy/core';
import { startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantPool, isTenantFloorError, rowLevelSecurity, type TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase, tenants } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn } from './interleaved.js';
import { openWireProxy, typeOf } from './wire-proxy.js';

const ALL = 'select * from job order by id';

/** As the server sends it: a notice in a crash, an error when it is shut down. */
const goodbye = (type: 'N' | 'E', code: string, text: string): Buffer => {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`);
  const head = Buffer.from(`${type}\0\0\0\0`);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

describe('a server that ends in the middle of a reply', () => {
  const database = forAllTests(openFloorDatabase);
  const proxy = forAllTests(() => openWireProxy(database.url));
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ connectionString: proxy.url, max: 1 });
    await pool.verify();
  });
  afterAll(() => pool.end());

  it.each([
    ['N', '57P02', 'terminating connection because of crash of another server process'],
    ['E', '57P01', 'terminating connection due to administrator command'],
    ['E', '57P03', 'the database system is shutting down'],
    ['E', '08P01', 'server conn crashed?'],
  ] as const)('is what is told, and not a pooler: %s %s', async (type, code, text) => {
    for (const at of ['1', '2', 'D']) {
      const client = await database.context.run(acme, () => pool.connect());
      client.on('error', () => {});
      let said = false;
      // Its last words, and then what belongs to no reply.
      proxy.reply = (message) => {
        if (said || typeOf(message) !== at) return said ? [] : [message];
        said = true;
        return [goodbye(type, code, text), Buffer.from('I\0\0\0\x04', 'latin1')];
      };
      const ended = new Promise<unknown>((resolve) => client.once('error', resolve));
      const outcome = await client.query(ALL).catch((error: unknown) => error);
      proxy.reply = undefined;
      if (type === 'N') {
        expect(isTenantFloorError(outcome, 'database_unreachable')).toBe(true);
        expect(String(outcome)).toContain(`in the middle of a reply (${code}: ${text})`);
        expect((outcome as Error).cause).toMatchObject({ code });
      } else {
        expect(outcome).toMatchObject({ code });
        expect(isTenantFloorError(await ended, 'database_unreachable')).toBe(true);
      }
      client.release();
      expect(areOwn(globex, (await database.context.run(globex, () => pool.query(ALL))).rows)).toBe(true);
    }
  });
});

it('a server of which a process is killed while queries are under way is not taken for a pooler, and comes back', async () => {
  const server = await startPostgres();
  const context = new TenantContext();
  const outside = new pg.Client({ connectionString: server.url });
  await outside.connect();
  await outside.query(`
    create role app login password 'app';
    create table job (tenant_id text, title text);
    alter table job enable row level security, force row level security;
    create policy tenant on job to app using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
    grant select on job to app; revoke temporary on database postgres from public;
    insert into job select id, repeat('x', 500) from unnest(array['${tenants.map(({ id }) => id).join("','")}']) id, generate_series(1, 500)`);
  // A throw-away server does not flush what it commits.
  await outside.query('checkpoint');
  await outside.end();
  const connectionString = Object.assign(new URL(server.url), { username: 'app', password: 'app' }).href;
  const pool = createTenantPool({ connectionString, context, isolation: rowLevelSecurity(), max: 6 });
  pool.on('error', () => {});
  const errors: unknown[] = [];
  let wrong = 0;
  const query = (n: number) => {
    const tenant = tenants[n % tenants.length] ?? acme;
    return context.run(tenant, async () => {
      const { rows } = await pool.query('select * from job');
      if (rows.length !== 500 || rows.some(({ tenant_id }) => tenant_id !== tenant.id)) wrong += 1;
      return rows.length;
    });
  };
  for (let crash = 0; crash < 3; crash += 1) {
    // Until it lets somebody in again.
    await expect.poll(() => query(crash).catch(String), { timeout: 60_000 }).toBe(500);
    const { rows } = await context.run(acme, () => pool.query('select pg_backend_pid() as pid'));
    const underWay = Array.from({ length: 24 }, (_, n) => query(n).catch((error: unknown) => errors.push(error)));
    process.kill(rows[0].pid, 'SIGKILL');
    await Promise.all(underWay);
  }
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.filter((error) => isTenantFloorError(error, 'connection_out_of_step'))).toEqual([]);
  expect(wrong).toBe(0);
  await pool.end();
  await server.stop();
});

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Fence, isTenantFenced } from '../../src/tenants/fence/fence.js';
import { tenantTables } from '../../src/tenants/places/tenant-tables.js';
import { tenantPlaces } from '../../src/tenants.js';

const OLD = `create table plan (id int primary key);
  create table job (tenant_id text not null, id int, title text, twice int generated always as (id * 2) stored, primary key (tenant_id, id));
  create function fill() returns trigger language plpgsql as $$ begin new.tenant_id := coalesce(new.tenant_id, current_setting('app.tenant')); return new; end $$;
  create trigger fill before insert on job for each row execute function fill();
  create table visit (tenant_id text not null, id int, day date, primary key (tenant_id, id, day)) partition by range (day);
  create table visit_1 partition of visit for values from ('2026-01-01') to ('2026-02-01');
  create schema tenant_a; create table tenant_a.note (id int primary key, body text);
  insert into job select t, n, 'title' from unnest(array['a', 'b']) t, generate_series(1, 10) n;
  insert into visit values ('a', 1, '2026-01-05'), ('b', 1, '2026-01-05');
  insert into tenant_a.note values (1, 'x')`;

describe('the fence', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let mover: pg.Client;
  let writer: pg.Client;
  let fence: Fence;
  let inSchema: Fence;

  const opened = async () => {
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => {});
    await client.connect();
    return client;
  };

  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    const outside = await opened();
    await outside.query(OLD);
    await outside.end();
  });

  beforeEach(async () => {
    [mover, writer] = [await opened(), await opened()];
    const places = tenantPlaces({
      servers: { main: { connection: database.url } },
      role: 'app',
      migrations: 'migrations',
      policies: { shared: ['plan'] },
    });
    const made = async (kind: 'rows' | 'schema') =>
      new Fence({
        client: mover,
        tenant: 'a',
        tables: await tenantTables(mover, { server: 'main', kind, name: kind === 'rows' ? null : 'tenant_a' }, places),
      });
    fence = await made('rows');
    inSchema = await made('schema');
  });

  afterEach(async () => {
    await fence.remove();
    await Promise.all([mover.end(), writer.end()]);
  });

  afterAll(() => database.stop());

  const copied = (row: string) =>
    pipeline(Readable.from([row]), writer.query(copyFrom('copy job (tenant_id, id, title) from stdin')));

  /** Every kind of write to the rows of a tenant. */
  const writes = (tenant: string): Record<string, () => Promise<unknown>> => ({
    insert: () => writer.query(`insert into job values ($1, 100, 'new')`, [tenant]),
    'insert that a trigger fills': () =>
      writer.query(`select set_config('app.tenant', '${tenant}', false); insert into job (id) values (101)`),
    update: () => writer.query(`update job set title = 'changed' where tenant_id = $1`, [tenant]),
    delete: () => writer.query('delete from job where tenant_id = $1 and id = 2', [tenant]),
    copy: () => copied(`${tenant}\t102\tcopied\n`),
    merge: () =>
      writer.query(`merge into job using (values ('${tenant}', 1), ('${tenant}', 103)) v (t, id) on job.tenant_id = v.t and job.id = v.id
        when matched then update set title = 'merged' when not matched then insert (tenant_id, id) values (v.t, v.id)`),
    upsert: () =>
      writer.query(`insert into job values ($1, 3, 'up') on conflict (tenant_id, id) do update set title = 'up'`, [
        tenant,
      ]),
    'a row of a partition': () => writer.query(`insert into visit_1 values ($1, 2, '2026-01-06')`, [tenant]),
  });

  it('O34: refuses every kind of write to the tenant, with an error, and nothing to others', async () => {
    await fence.install();
    await fence.install();
    expect(await fence.close(1_000)).toBe(true);
    for (const [name, write] of Object.entries(writes('a'))) {
      await expect(write(), name).rejects.toSatisfy(isTenantFenced);
    }
    await expect(writer.query(`update job set tenant_id = 'a' where tenant_id = 'b' and id = 9`)).rejects.toSatisfy(
      isTenantFenced,
    );
    for (const truncate of ['truncate job', 'truncate visit_1']) {
      await expect(writer.query(truncate)).rejects.toSatisfy(isTenantFenced);
    }
    for (const write of Object.values(writes('b'))) await write();
    const { rows } = await writer.query(
      `select count(*)::int as n from job where tenant_id = 'b' and title in ('changed', 'merged', 'up')`,
    );
    expect(rows[0].n).toBeGreaterThan(7);
    await fence.open();
    await writer.query(`update job set title = 'again' where tenant_id = 'a'`);
  });

  it('O34: refuses where the whole schema is the tenant, TRUNCATE too', async () => {
    await inSchema.install();
    expect(await inSchema.close(1_000)).toBe(true);
    for (const write of [
      `insert into tenant_a.note values (2)`,
      `update tenant_a.note set body = ''`,
      'delete from tenant_a.note',
      'truncate tenant_a.note',
    ]) {
      await expect(writer.query(write), write).rejects.toSatisfy(isTenantFenced);
    }
  });

  it('O34: refuses a transaction whose snapshot is older than the fence', async () => {
    await writer.query('begin isolation level repeatable read');
    await writer.query('select count(*) from job');
    await fence.install();
    await fence.close(1_000);
    await expect(writer.query(`update job set title = 'late' where tenant_id = 'a'`)).rejects.toSatisfy(isTenantFenced);
    await writer.query('rollback');
  });

  it('lets a transaction finish that has written, and nobody else begin meanwhile; gives way when that takes too long', async () => {
    await fence.install();
    await writer.query(`begin; update job set title = 'first' where tenant_id = 'a' and id = 1`);
    const before = performance.now();
    expect(await fence.close(200)).toBe(false);
    expect(performance.now() - before).toBeGreaterThan(190);
    const other = await opened();
    await other.query(`update job set title = 'other' where tenant_id = 'a' and id = 5`);
    const closing = fence.close(60_000);
    await expect
      .poll(
        async () => (await other.query(`select from pg_locks where locktype = 'advisory' and not granted`)).rowCount,
        { timeout: 30_000 },
      )
      .toBe(1);
    await expect(other.query(`update job set title = 'new' where tenant_id = 'a' and id = 6`)).rejects.toSatisfy(
      isTenantFenced,
    );
    await writer.query(`update job set title = 'second' where tenant_id = 'a' and id = 2; commit`);
    expect(await closing).toBe(true);
    await other.end();
  });

  it('is open again when whoever closed it is gone, unless it was sealed; is found, and taken away by another', async () => {
    await fence.install();
    await fence.close(1_000);
    await mover.end();
    mover = await opened();
    await expect
      .poll(
        () =>
          writer.query(`update job set title = 'open' where tenant_id = 'a'`).then(
            () => 'open',
            () => 'closed',
          ),
        { timeout: 30_000 },
      )
      .toBe('open');
    fence = new Fence({
      client: mover,
      tenant: 'a',
      tables: [{ schema: 'public', name: 'job', tenantColumn: 'tenant_id' }],
    });
    await fence.seal();
    await fence.settle();
    await mover.end();
    mover = await opened();
    await expect(writer.query(`delete from job where tenant_id = 'a'`)).rejects.toSatisfy(isTenantFenced);
    fence = new Fence({ client: mover, tenant: 'a', tables: [] });
    expect(await Fence.isThere(mover, 'a')).toBe(true);
    await mover.query(`begin; ${fence.passing}; delete from job where tenant_id = 'a' and id = 7; commit`);
    await fence.remove();
    expect(await Fence.isThere(mover, 'a')).toBe(false);
    const left = await mover.query(`select from pg_trigger where tgname ~ 'tenancy'
      union all select from pg_namespace where nspname = 'tenancy_fence'`);
    expect(left.rowCount).toBe(0);
    await writer.query(`update job set title = 'free' where tenant_id = 'a'`);
  });

  it('waits for a table in use in tries, between which its writers go on', async () => {
    await writer.query(`begin; update job set title = 'long' where tenant_id = 'b' and id = 1`);
    const installing = fence.install();
    const other = await opened();
    let slowest = 0;
    for (let n = 0; n < 10; n += 1) {
      const before = performance.now();
      await other.query(`update job set title = 'short' where tenant_id = 'b' and id = 4`);
      slowest = Math.max(slowest, performance.now() - before);
    }
    await writer.query('commit');
    await installing;
    await other.end();
    // Each waits behind one try at the most, and not for the transaction that is in the way.
    expect(slowest).toBeLessThan(2_000);
  });
});

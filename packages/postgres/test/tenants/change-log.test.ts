import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ChangeLog } from '../../src/tenants/move/change-log.js';
import { TOUCHED } from '../../src/tenants/move/touched.js';

const ROLE = `app_${process.pid}_log`;
let database: Awaited<ReturnType<typeof createDatabase>>;
let mover: pg.Client;
let writer: pg.Client;
let log: ChangeLog;

/** The keys that it takes, and in how many tables it says that there are some. */
const taken = async () => {
  const tables = await log.take();
  const { rows } = await mover.query<{ place: string; key: string[] | null }>(`select place, key from ${TOUCHED}`);
  expect(tables.reduce((sum, { keys }) => sum + keys, 0)).toBe(rows.length);
  return rows.map(({ place, key }) => `${place} ${key?.join(' ') ?? 'all'}`).sort();
};

beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  [mover, writer] = [
    new pg.Client({ connectionString: database.url }),
    new pg.Client({ connectionString: database.url }),
  ];
  await Promise.all([mover.connect(), writer.connect()]);
  await mover.query(`create role ${ROLE};
    create table job (tenant_id text, id int, title text, primary key (tenant_id, id));
    create table visit (tenant_id text, at timestamptz, primary key (tenant_id, at)) partition by range (at);
    create table visit_1 partition of visit default;
    alter table job enable row level security; alter table job force row level security; create policy p on job using (true);
    grant all on job, visit, visit_1 to ${ROLE};
    insert into job select t, n from unnest(array['a', 'b']) t, generate_series(1, 5) n`);
  await writer.query(`set role ${ROLE}; set datestyle = 'German'; set timezone = 'Asia/Tokyo'`);
  log = new ChangeLog({
    client: mover,
    tenant: 'a',
    tables: [
      { schema: 'public', name: 'job', tenantColumn: 'tenant_id', key: ['tenant_id', 'id'] },
      { schema: 'public', name: 'visit', tenantColumn: 'tenant_id', key: ['tenant_id', 'at'] },
    ],
    lockTimeoutMillis: 100,
    lockPatienceMillis: 60_000,
    signal: undefined,
  });
  await log.install();
  await log.install();
});

afterAll(async () => {
  await Promise.all([mover.end(), writer.end()]);
  await database.stop({ roles: [ROLE] });
});

it('notes the keys of the tenant that the application writes, each once, and none of others', async () => {
  await writer.query(`insert into job values ('a', 6), ('b', 6); update job set title = 'x' where id = 1; update job set title = 'y' where id = 1;
    update job set id = 12 where id = 2; delete from job where id = 3; update job set tenant_id = 'a', id = 14 where tenant_id = 'b' and id = 4`);
  expect(await taken()).toEqual(
    ['1', '12', '14', '2', '3', '6']
      .map((id) => `public.job a ${id}`)
      .concat('public.job b 4')
      .sort(),
  );
  expect(await taken()).toEqual([]);
});

it('notes microseconds, whatever the settings of the writer', async () => {
  await writer.query(
    `insert into visit values ('a', '2026-01-05 10:00:00.123456+00'), ('b', '2026-01-05 10:00:00.123456+00')`,
  );
  expect(await taken()).toEqual(['public.visit a 2026-01-05 10:00:00.123456+00']);
});

it('notes that a table or a part of it was emptied', async () => {
  await writer.query(`truncate visit_1`);
  expect(await log.take()).toEqual([{ table: 'public.visit', keys: 1, isEmptied: true }]);
});

it('notes nothing that was undone, and keeps what is committed later than it is looked at', async () => {
  await writer.query(`begin; update job set title = 'undone' where tenant_id = 'a'; rollback`);
  await writer.query(`begin; update job set title = 'late' where tenant_id = 'a' and id = 1`);
  await mover.query('begin isolation level repeatable read');
  expect(await taken()).toEqual([]);
  await writer.query('commit');
  expect(await taken()).toEqual([]);
  await mover.query('commit; begin');
  expect(await taken()).toEqual(['public.job a 1']);
  await mover.query('rollback');
  expect(await taken()).toEqual(['public.job a 1']);
});

it('changes nothing of replication, and goes without a trace', async () => {
  const { rows } =
    await mover.query(`select (select count(*)::int from pg_publication) as publications, relreplident as identity,
    (select count(*)::int from pg_replication_slots where database = current_database()) as slots from pg_class where relname = 'job'`);
  expect(rows).toEqual([{ publications: 0, slots: 0, identity: 'd' }]);
  await log.remove();
  const left = await mover.query(
    `select from pg_trigger where tgname ~ 'tenancy' union all select from pg_namespace where nspname = 'tenancy_fence'`,
  );
  expect(left.rowCount).toBe(0);
  await writer.query(`update job set title = 'free'`);
});

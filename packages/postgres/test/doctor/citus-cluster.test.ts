import { randomBytes } from 'node:crypto';
import { TenantContext } from '@tenancy/core';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from '../../src/doctor.js';
import { compilePolicies, createTenantPool, readTables, rowLevelSecurity } from '../../src/index.js';

/** Servers with Citus, by a superuser's addresses: the coordinator's first. No package of npm brings it. */
const urls = (process.env['CITUS_URLS'] ?? '').split(',').filter((url) => url !== '');
const missing = urls.length > 1 ? '' : ': CITUS_URLS=postgres://coordinator,postgres://worker,… names no cluster';

const shared = ['country'];
const suffix = randomBytes(6).toString('hex');
const role = `citus_${suffix}`;
const name = `citus_${suffix}`;
const context = new TenantContext();

describe.skipIf(missing !== '')(`the doctor over a cluster of Citus${missing}`, () => {
  let admin: pg.Client;

  const on = async <R>(url: string, database: string, work: (client: pg.Client) => Promise<R>): Promise<R> => {
    const client = new pg.Client({ connectionString: inDatabase(url, database) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const inDatabase = (url: string, database: string): string => {
    const to = new URL(url);
    to.pathname = `/${database}`;
    return to.href;
  };
  const coordinator = urls[0] as string;

  beforeAll(async () => {
    for (const url of urls)
      await on(url, 'postgres', (client) => client.query(`create role ${role} login password 'citus'`));
  });
  afterAll(async () => {
    for (const url of urls) await on(url, 'postgres', (client) => client.query(`drop role if exists ${role}`));
  });
  beforeEach(async () => {
    for (const url of urls) {
      await on(url, 'postgres', (client) => client.query(`create database ${name}`));
      await on(url, name, (client) => client.query('create extension citus'));
    }
    admin = new pg.Client({ connectionString: inDatabase(coordinator, name) });
    await admin.connect();
    const node = (url: string) => [new URL(url).hostname, new URL(url).port || '5432'];
    await admin.query('select citus_set_coordinator_host($1, $2)', node(coordinator));
    for (const url of urls.slice(1)) await admin.query('select citus_add_node($1, $2)', node(url));
    await admin.query(`create table country (code text primary key);
      create table company (id text primary key, country text references country);
      create table job (tenant_id text not null references company, id int not null, title text, primary key (tenant_id, id));
      create table note (tenant_id text not null, id bigint generated always as identity, job_id int, primary key (tenant_id, id),
        foreign key (tenant_id, job_id) references job on delete cascade)`);
  });
  afterEach(async () => {
    await admin.end();
    for (const url of urls) await on(url, 'postgres', (client) => client.query(`drop database ${name} with (force)`));
  });

  async function hold(): Promise<void> {
    const read = await readTables(admin, { shared: [...shared, 'company'] });
    const { sql } = compilePolicies({
      role,
      ...read,
      shared: read.shared.filter((table) => table.name !== 'company'),
      tables: [...read.tables, { name: 'company', tenantColumn: 'id' }],
    });
    await admin.query(`${sql}; insert into country values ('de'); insert into company values ('t1', 'de'), ('t2', 'de');
      insert into job (tenant_id, id) select t, n from unnest(array['t1', 't2']) t, generate_series(1, 5) n`);
  }

  const plan = () =>
    diagnose({
      connection: inDatabase(coordinator, name),
      role,
      shared,
      tables: [{ name: 'company', tenantColumn: 'id' }],
      for: 'citus',
    });

  /** Runs the plan, and answers with how often Citus has refused a step. */
  async function distribute(sql: string): Promise<number> {
    let refused = 0;
    for (const statement of sql.split('\n').filter((line) => line !== '')) {
      await admin.query(statement).catch(() => {
        refused += 1;
      });
    }
    return refused;
  }

  const FAULTS = /^citus-(?:keys|references|tenant-column|tables|triggers)$/;

  it.each([
    ['nothing', ''],
    [
      'a serial column and a generated one',
      'create table x (tenant_id text not null, id serial, primary key (tenant_id, id), n int generated always as (1 + 1) stored)',
    ],
    [
      'a table that refers to itself',
      'alter table job add parent int, add foreign key (tenant_id, parent) references job (tenant_id, id)',
    ],
    [
      'a circle',
      'alter table company add main int; alter table company add foreign key (id, main) references job (tenant_id, id)',
    ],
    [
      'partitions',
      `create table ev (tenant_id text not null, at date not null, primary key (tenant_id, at)) partition by range (at);
      create table ev1 partition of ev for values from ('2026-01-01') to ('2027-01-01')`,
    ],
    ['a reference to what is shared', 'alter table job add country text references country on delete cascade'],
    [
      'names with quotes',
      'create table "Odd Table" (tenant_id text not null, "Id" int, primary key (tenant_id, "Id"), foreign key (tenant_id, "Id") references job)',
    ],
  ])('its plan runs where it has found no fault: %s', async (_, sql) => {
    if (sql !== '') await admin.query(sql);
    await hold();
    const { findings, distribution } = await plan();
    expect(findings.filter(({ rule }) => FAULTS.test(rule))).toEqual([]);
    expect(await distribute(distribution ?? '')).toBe(0);
    const { rows } = await admin.query(
      `select table_name::text as name, citus_table_type as kind from citus_tables order by 1`,
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { name: 'country', kind: 'reference' },
        { name: 'note', kind: 'distributed' },
      ]),
    );
    const keys = await admin.query(
      `select count(*)::int as keys from pg_constraint where contype = 'f' and conrelid = 'note'::regclass`,
    );
    expect(keys.rows).toEqual([{ keys: 1 }]);
  });

  it.each([
    ['citus-keys', 'create unique index on job (title)'],
    ['citus-references', 'alter table country add company text references company'],
    [
      'citus-references',
      'alter table note drop constraint note_tenant_id_job_id_fkey, add foreign key (tenant_id, job_id) references job on delete set null (job_id)',
    ],
    [
      'citus-references',
      'alter table note drop constraint note_tenant_id_job_id_fkey, add foreign key (tenant_id, job_id) references job on update cascade',
    ],
    ['citus-tenant-column', 'create table bill (tenant_id uuid not null, id int)'],
    ['citus-tenant-column', 'create table bill (tenant_id varchar(20) not null, id int)'],
    ['citus-tenant-column', 'create table bill (tenant_id text collate "C" not null, id int)'],
    [
      'citus-tenant-column',
      `create table bill (d jsonb, tenant_id text not null generated always as (d ->> 'tenant') stored)`,
    ],
    ['citus-tables', 'create table old_job () inherits (job)'],
    [
      'citus-triggers',
      `create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger t before insert on job for each row execute function f()`,
    ],
  ])('Citus refuses what it has found: %s after %s', async (rule, sql) => {
    await admin.query(sql);
    await hold();
    const { findings, distribution } = await plan();
    expect(findings.map((finding) => finding.rule)).toContain(rule);
    expect(await distribute(distribution ?? '')).toBeGreaterThan(0);
  });

  it('G7: no tenant pool starts over tables that Citus has distributed, whose nodes show every row to everybody', async () => {
    await hold();
    const app = new URL(inDatabase(coordinator, name));
    [app.username, app.password] = [role, 'citus'];
    const pool = () =>
      createTenantPool({
        context,
        connectionString: app.href,
        isolation: rowLevelSecurity({ shared, tenantColumn: 'tenant_id' }),
      });
    const count = async () => {
      const one = pool();
      const asked = await context
        .run({ id: 't1', slug: 't1' }, () => one.query('select count(*)::int as jobs from job'))
        .then(
          ({ rows }) => rows[0].jobs,
          (error: Error) => error.message,
        );
      await one.end();
      return asked;
    };
    expect(await count()).toBe(5);
    await distribute((await plan()).distribution ?? '');
    // The fact: the catalogs of the coordinator say that the policies hold.
    const raw = new pg.Client({ connectionString: app.href });
    await raw.connect();
    await raw.query(`select set_config('app.tenant_id', 't1', false)`);
    expect((await raw.query('select count(*)::int as jobs from job')).rows).toEqual([{ jobs: 10 }]);
    await raw.end();
    expect(await count()).toMatch(/^floor_unsafe: .*\n- distributed-tables: public\.company: /);
  });
});

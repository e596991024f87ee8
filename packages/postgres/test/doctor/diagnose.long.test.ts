import { randomBytes } from 'node:crypto';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type DiagnoseOptions, type DoctorReport, diagnose, formatReport } from '../../src/doctor.js';
import { compilePolicies, readTables } from '../../src/index.js';

const shared = ['country'];
let database: Awaited<ReturnType<typeof createDatabase>>;
let admin: pg.Client;
let role: string;

/** Rules about the server, which other tests use as well. */
const OF_THE_SERVER = ['server-updates', 'bypass-roles', 'replication-slots', 'open-transactions', 'transaction-ids'];

beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  role = `doctor_${randomBytes(6).toString('hex')}`;
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(`create role ${role} login password 'doctor'; alter role ${role} set statement_timeout = '30s';
    alter role ${role} set idle_in_transaction_session_timeout = '60s'`);
});

afterAll(async () => {
  await admin.end();
  await database.stop({ roles: [role] });
});

beforeEach(async () => {
  await admin.query(`drop schema if exists public cascade; create schema public; grant usage on schema public to public;
    create table country (code text primary key);
    create table company (id text primary key, country text references country);
    create index on company (country);
    create table job (tenant_id text not null references company, id int not null, title text, primary key (tenant_id, id));
    create table note (tenant_id text not null, id bigint generated always as identity, job_id int, primary key (tenant_id, id),
      foreign key (tenant_id, job_id) references job on delete cascade);
    create index on note (tenant_id, job_id)`);
  await hold();
});

async function hold(): Promise<void> {
  const read = await readTables(admin, { shared: [...shared, 'company'] });
  const { sql } = compilePolicies({
    role,
    ...read,
    shared: read.shared.filter(({ name }) => name !== 'company'),
    tables: [...read.tables, { name: 'company', tenantColumn: 'id' }],
  });
  await admin.query(sql);
}

function appUrl(): string {
  const url = new URL(database.url);
  url.username = role;
  url.password = 'doctor';
  return url.href;
}

async function report(options: Partial<DiagnoseOptions> = {}): Promise<DoctorReport> {
  const found = await diagnose({
    connection: database.url,
    role,
    shared,
    tables: [{ name: 'company', tenantColumn: 'id' }],
    ...options,
  });
  return { ...found, findings: found.findings.filter(({ rule }) => !OF_THE_SERVER.includes(rule)) };
}

/** A thousand companies; their jobs, of which one has `share` percent. */
async function fill(share = 0): Promise<void> {
  await admin.query(`insert into company select 't' || n from generate_series(0, 199) n;
    insert into job select case when n % 100 < ${share} then 't0' else 't' || n % 200 end, n, 'x' from generate_series(1, 20000) n;
    insert into note (tenant_id, job_id) select tenant_id, id from job;
    analyze`);
}

describe('diagnose', () => {
  it('finds nothing in a database that is well, as a superuser and by the URL of the application', async () => {
    await fill();
    expect((await report()).findings).toEqual([]);
    expect((await report({ application: appUrl() })).findings).toEqual([]);
    expect(formatReport(await report(), 'github')).toBe('');
  });

  interface Planted {
    readonly rule: string;
    readonly sql: string;
    readonly subject: string | RegExp;
  }

  const planted: readonly Planted[] = [
    { rule: 'table-policies', sql: 'alter table job disable row level security', subject: 'public.job' },
    {
      rule: 'tenant-indexes',
      sql: 'alter table note drop constraint note_pkey; drop index note_tenant_id_job_id_idx',
      subject: 'public.note',
    },
    // O36: rows above it are deleted one by one, and each reads the whole table.
    { rule: 'foreign-key-indexes', sql: 'drop index note_tenant_id_job_id_idx', subject: 'public.note' },
    { rule: 'redundant-indexes', sql: 'create index on job (tenant_id)', subject: 'public.job' },
    {
      rule: 'unvalidated-constraints',
      sql: `alter table job add constraint titled check (title <> '') not valid`,
      subject: 'public.job',
    },
    {
      rule: 'sequences',
      sql: `create table bill (tenant_id text, id serial, primary key (tenant_id, id)); select setval('bill_id_seq', 1900000000)`,
      subject: 'public.bill_id_seq',
    },
    { rule: 'timeouts', sql: `alter role {role} reset statement_timeout`, subject: /^role doctor_/ },
    {
      rule: 'unfinished',
      sql: `create table tenancy_migrations (target text, name text, begun boolean, failure text);
        revoke all on tenancy_migrations from {role}; insert into tenancy_migrations values ('tenant_a', '0001.sql', false, 'said')`,
      subject: 'schema tenant_a, migration 0001.sql',
    },
  ];

  it.each(planted)('finds $rule where it was planted, and its fix puts it right', async ({ rule, sql, subject }) => {
    await fill();
    try {
      await admin.query(sql.replaceAll('{role}', role));
      await admin.query('analyze');
      if (rule === 'sequences') await hold();
      const { findings } = await report();
      const found = findings.filter((finding) => finding.rule === rule);
      expect(found).toEqual([expect.objectContaining({ subject: expect.stringMatching(subject) })]);
      const fix = found[0]?.fix ?? '';
      if (fix.startsWith('--')) return;
      for (const statement of fix.split(';').filter((part) => part.trim() !== '')) await admin.query(statement);
      expect((await report()).findings.filter((finding) => finding.rule === rule)).toEqual([]);
    } finally {
      await admin.query(`alter role ${role} set statement_timeout = '30s'`);
    }
  });

  it('O20: finds an index whose build was cut off, and its fix builds it', async () => {
    await fill();
    await admin.query("insert into job values ('t1', -1, 'x')");
    await expect(admin.query('create unique index concurrently titles on job (title)')).rejects.toThrow(/titles/);
    const [found] = (await report()).findings.filter(({ rule }) => rule === 'invalid-indexes');
    expect(found).toMatchObject({ subject: 'public.job', message: expect.stringContaining('public.titles') });
    await admin.query(`update job set title = tenant_id || id`);
    await admin.query((found as { fix: string }).fix);
    expect((await report()).findings.filter(({ rule }) => rule === 'invalid-indexes')).toEqual([]);
  });

  it('finds dead rows, and who the largest tenant is', async () => {
    await admin.query('alter table job set (autovacuum_enabled = false)');
    await fill(80);
    await admin.query(`update job set title = 'y'; update note set job_id = job_id; select pg_stat_force_next_flush()`);
    await expect
      .poll(async () => (await report()).findings.map(({ rule, subject }) => `${rule} ${subject}`), { timeout: 20_000 })
      .toContain('dead-rows public.job');
    const { shares, findings } = await report({ largeTable: 1_000 });
    expect(shares[0]).toMatchObject({ tenant: 't0', share: expect.closeTo(0.8, 1) });
    const skew = findings.filter(({ rule }) => rule === 'tenant-skew');
    expect(skew.map(({ subject }) => subject)).toContain('public.job');
    // Findings are shown to more people than the shares are.
    expect(JSON.stringify(findings)).not.toContain('t0');
  });

  it('finds a transaction that is open for long, and shows nothing of its query', async () => {
    const other = new pg.Client({ connectionString: database.url, application_name: 'forgotten' });
    await other.connect();
    try {
      await other.query(`begin; select 'a secret'`);
      const found = async (longTransactionMinutes?: number) => {
        const options = {
          connection: database.url,
          role,
          shared,
          ...(longTransactionMinutes === 0 && { longTransactionMinutes }),
        };
        const { findings } = await diagnose(options);
        expect(JSON.stringify(findings)).not.toContain('a secret');
        return findings.filter(({ message }) => message.includes('forgotten'));
      };
      expect(await found()).toEqual([]);
      expect(await found(0)).toMatchObject([{ rule: 'open-transactions', severity: 'advice' }]);
      await other.query('commit');
      expect(await found(0)).toEqual([]);
    } finally {
      await other.end();
    }
  });

  it('finds a large index that nobody reads, but none that a key or a delete needs', async () => {
    await admin.query(`insert into company values ('t0');
      insert into job select 't0', n, md5(n::text) from generate_series(1, 200000) n;
      create index by_title on job (title); create index note_job on note (job_id);
      insert into note (tenant_id, job_id) select 't0', n from generate_series(1, 200000) n; analyze`);
    const unused = (await report({ observedDays: 0 })).findings.filter(({ rule }) => rule === 'unused-indexes');
    expect(unused.map(({ fix }) => fix)).toEqual(['drop index concurrently public.by_title;']);
    expect((await report()).findings.filter(({ rule }) => rule === 'unused-indexes')).toEqual([]);
  });

  it('O33: finds a slot that nobody reads', async () => {
    const slot = `doctor_${randomBytes(6).toString('hex')}`;
    await admin.query('select pg_create_physical_replication_slot($1, true)', [slot]);
    try {
      const { findings } = await diagnose({ connection: database.url, role, shared });
      expect(findings).toContainEqual(expect.objectContaining({ rule: 'replication-slots', subject: `slot ${slot}` }));
    } finally {
      await admin.query('select pg_drop_replication_slot($1)', [slot]);
    }
  });

  it('reads, and writes nothing: the same catalogs before and after', async () => {
    const state = async () => (await admin.query('select count(*), max(oid) from pg_class where oid >= 16384')).rows[0];
    const before = await state();
    await report({ for: 'citus' });
    expect(await state()).toEqual(before);
  });

  it('refuses to examine the rights of somebody else', async () => {
    await expect(diagnose({ connection: appUrl(), role: 'somebody' })).rejects.toThrow(
      /may not become it.*application/s,
    );
    await expect(diagnose({ connection: database.url, application: database.url, role })).rejects.toThrow(
      /does not connect as the role/,
    );
    await expect(diagnose({ connection: database.url, role: 'nobody_here' })).rejects.toThrow(/no role "nobody_here"/);
    await expect(diagnose({ connection: database.url, role, schema: 'x' } as never)).rejects.toThrow(
      /schema.*schemas/s,
    );
  });

  it('writes a report for people, whose fixes end', async () => {
    await fill();
    await admin.query('alter table job disable row level security; create index on job (tenant_id)');
    const text = formatReport(await report(), 'text');
    expect(text).toMatch(/^error table-policies: public\.job$/m);
    expect(text).toMatch(/^ {4}drop index concurrently public\.job_tenant_id_idx;$/m);
    expect(text).toMatch(/^\d+ errors?, \d+ pieces? of advice\.\n$/m);
    expect(text.indexOf('error ')).toBeLessThan(text.indexOf('advice '));
    expect(JSON.parse(formatReport(await report(), 'json'))).toMatchObject({ distribution: null });
    expect(() => formatReport({ findings: [], shares: [], distribution: null }, 'xml' as never)).toThrow(/format/);
  });
});

describe('the plan for Citus', () => {
  const citus = async () => {
    const { findings, distribution } = await report({ for: 'citus' });
    return { found: findings.filter(({ rule }) => rule.startsWith('citus-')), distribution };
  };

  it('distributes parents first, beside each other, and copies what is shared', async () => {
    const { found, distribution } = await citus();
    expect(found.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual([
      'error citus-floor',
      'advice citus-queries',
    ]);
    expect(distribution).toBe(`create extension if not exists citus;
alter table public.note drop constraint note_tenant_id_job_id_fkey;
alter table public.job drop constraint job_tenant_id_fkey;
alter table public.company drop constraint company_country_fkey;
select create_reference_table('public.country');
select create_distributed_table('public.company', 'id', colocate_with => 'none');
select create_distributed_table('public.job', 'tenant_id', colocate_with => 'public.company');
select create_distributed_table('public.note', 'tenant_id', colocate_with => 'public.company');
alter table public.company add constraint company_country_fkey FOREIGN KEY (country) REFERENCES public.country(code);
alter table public.job add constraint job_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.company(id);
alter table public.note add constraint note_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES public.job(tenant_id, id) ON DELETE CASCADE;
`);
  });

  it.each([
    ['citus-keys', 'create unique index on job (title)', 'public.job'],
    ['citus-keys', 'alter table job add unique (title)', 'public.job'],
    [
      'citus-references',
      'alter table job add unique (id); alter table note add foreign key (job_id) references job (id)',
      'public.note',
    ],
    ['citus-references', 'alter table country add company text references company', 'public.country'],
    ['citus-tenant-column', 'create table bill (tenant_id text, id int)', 'public.bill'],
    ['citus-tenant-column', 'create table bill (tenant_id uuid not null, id int)', 'public.bill'],
    ['citus-tenant-column', 'create table bill (tenant_id text collate "C" not null, id int)', 'public.bill'],
    [
      'citus-tenant-column',
      `create table bill (d jsonb, tenant_id text not null generated always as (d ->> 'tenant') stored)`,
      'public.bill',
    ],
    [
      'citus-references',
      'alter table note drop constraint note_tenant_id_job_id_fkey, add foreign key (tenant_id, job_id) references job on delete set null (job_id)',
      'public.note',
    ],
    ['citus-tables', 'create table old_job () inherits (job)', 'public.job'],
    [
      'citus-triggers',
      `create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger t before insert on job for each row execute function f()`,
      'public.job',
    ],
  ])('finds %s after %s', async (rule, sql, subject) => {
    await admin.query(sql);
    await hold().catch(() => {});
    const { found } = await citus();
    expect(
      found
        .filter((finding) => finding.rule === rule && finding.severity === 'error')
        .map((finding) => finding.subject),
    ).toContain(subject);
  });

  it('lets a key of an index be exchanged by its fix', async () => {
    await admin.query('create unique index by_title on job (title)');
    const [found] = (await citus()).found.filter(({ rule }) => rule === 'citus-keys');
    for (const statement of (found?.fix ?? '').split(';').filter((part) => part.trim() !== ''))
      await admin.query(statement);
    expect((await citus()).found.filter(({ rule }) => rule === 'citus-keys')).toEqual([]);
  });
});

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  rowsFromPostgres,
} from '../../src/postgres.js';

const SCHEMA = `
  create schema hr;
  create type pay as enum ('low', 'high');
  create table country (code text primary key, capital int, population bigint);
  create table city (id int generated always as identity primary key, country text not null references country,
    name text, upper_name text generated always as (upper(name)) stored, tags text[], pay pay, at timestamptz);
  alter table country add foreign key (capital) references city deferrable initially deferred;
  create table job (id serial primary key, tenant_id text not null, title text);
  create table hr."Pay Slip" (id uuid primary key default gen_random_uuid(), tenant_id text not null, amount numeric);
  insert into country (code, population) values ('DE', 9007199254740993);
  insert into city (country, name, tags, pay, at) values ('DE', 'Berlin, "Mitte"', '{a,"b c"}', 'high', '2026-01-01'),
    ('DE', null, null, null, null);
  update country set capital = 1;`;

async function query<R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<R>(sql);
    return [result].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

let server: PostgresServer;
beforeAll(async () => {
  server = await postgresFromEnvironment();
});
afterAll(() => server.stop());

describe('createTestDatabase', () => {
  const names = async () =>
    (await query<{ datname: string }>(server.url, 'select datname from pg_database')).map(({ datname }) => datname);

  it('migrates once, and gives each worker a database of its own', async () => {
    let times = 0;
    const migrate = async (url: string) => {
      times += 1;
      await query(url, SCHEMA);
    };
    const databases = await Promise.all(
      [1, 2, 3].map(() => createTestDatabase({ migrate, serverUrl: server.url, prefix: 'once' })),
    );
    expect(times).toBe(1);
    expect(new Set(databases.map(({ name }) => name)).size).toBe(3);
    const [one, two] = databases as [(typeof databases)[0], (typeof databases)[0]];
    expect(one.name).toMatch(new RegExp(`^once_w${process.env['VITEST_POOL_ID']}_[0-9a-f]{16}$`));
    await query(one.url, `insert into job (tenant_id) values ('t_acme')`);
    expect(await query(two.url, 'select * from job')).toEqual([]);
    await Promise.all(databases.map((database) => database.stop()));
    expect(await names()).not.toEqual(expect.arrayContaining([one.name]));
  });

  it('puts everything back as the migrations left it', async () => {
    const database = await createTestDatabase({ migrate: (url) => query(url, SCHEMA), serverUrl: server.url });
    const all = async () => ({
      country: await query(database.url, 'select * from country order by 1'),
      city: await query(database.url, 'select * from city order by 1'),
      job: await query(database.url, 'select * from job'),
      slips: await query(database.url, 'select * from hr."Pay Slip"'),
    });
    const before = await all();
    expect(before.city).toHaveLength(2);
    await query(
      database.url,
      `insert into job (tenant_id) values ('t_acme'); insert into hr."Pay Slip" (tenant_id) values ('t_acme');
       update city set name = 'Bonn'; insert into city (country, name) values ('DE', 'Hamburg');
       delete from city where id = 2; create table later (id int); insert into later values (1)`,
    );
    expect(await all()).not.toEqual(before);
    await database.reset();
    expect(await all()).toEqual(before);
    expect(await query(database.url, 'select * from later')).toEqual([]);
    // Sequences go on where the migrations stopped.
    expect(await query(database.url, `insert into city (country) values ('DE') returning id`)).toEqual([{ id: 3 }]);
    expect(await query(database.url, `insert into job (tenant_id) values ('x') returning id`)).toEqual([{ id: 1 }]);
    await database.stop();
  });

  it('leaves nothing of migrations that failed, and the next try begins anew', async () => {
    let times = 0;
    const migrate = async (url: string) => {
      times += 1;
      await query(url, 'create table half_way (id int)');
      if (times === 1) throw new Error('no such type');
    };
    const before = await names();
    await expect(createTestDatabase({ migrate, serverUrl: server.url })).rejects.toThrow('no such type');
    expect(await names()).toEqual(before);
    const database = await createTestDatabase({ migrate, serverUrl: server.url });
    expect(await query(database.url, 'select * from half_way')).toEqual([]);
    await database.stop();
    await expect(createTestDatabase({ serverUrl: server.url } as never)).rejects.toThrow('needs `migrate');
  });

  it('copies a template that its migrations are still connected to', async () => {
    const forgotten: pg.Client[] = [];
    const migrate = async (url: string) => {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => {});
      await client.connect();
      forgotten.push(client);
      await client.query('create table left_open (id int)');
    };
    const database = await createTestDatabase({ migrate, serverUrl: server.url });
    expect(await query(database.url, 'select * from left_open')).toEqual([]);
    await database.stop();
  });

  it('drops what a run that was killed has left, and nothing else', async () => {
    const mark = (pid: number, host: string) => `tenancy test database of ${JSON.stringify({ host, pid, start: 'x' })}`;
    const leave = async (name: string, comment: string) => {
      await query(server.url, `create database ${name}`);
      await query(server.url, `comment on database ${name} is '${comment}'`);
    };
    await leave('left_by_a_dead_run', mark(2 ** 22 + 1, hostname()));
    await leave('left_by_another_machine', mark(2 ** 22 + 1, 'elsewhere'));
    await leave('of_somebody', 'the real one');
    const database = await createTestDatabase({ migrate: () => {}, serverUrl: server.url });
    const left = await names();
    expect(left).not.toContain('left_by_a_dead_run');
    expect(left).toEqual(expect.arrayContaining(['left_by_another_machine', 'of_somebody', database.name]));
    await database.stop();
    for (const name of ['left_by_another_machine', 'of_somebody']) await query(server.url, `drop database ${name}`);
  });

  it('starts a server of its own where there is none, and ends it', async () => {
    const { DATABASE_URL: before } = process.env;
    delete process.env['DATABASE_URL'];
    try {
      const database = await createTestDatabase({ migrate: (url) => query(url, SCHEMA) });
      expect(await query(database.url, 'select code from country')).toEqual([{ code: 'DE' }]);
      await database.stop();
      await expect(query(database.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    } finally {
      if (before !== undefined) process.env['DATABASE_URL'] = before;
    }
  });
});

describe('rowsFromPostgres', () => {
  const acme = { id: 't_acme', slug: 'acme' };
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    database = await createTestDatabase({ migrate: (url) => query(url, SCHEMA), serverUrl: server.url });
    await query(
      database.url,
      `insert into job (tenant_id, title) values ('t_acme', 'a'), ('t_globex', 'b'), ('t_acme', 'c');
       insert into hr."Pay Slip" (tenant_id, amount) values ('t_globex', 4711.08)`,
    );
  });
  const reader = `tenancy_test_reader_${randomBytes(4).toString('hex')}`;
  afterAll(() => database.stop({ roles: [reader] }));

  it('reads the rows of one tenant in every table that has the column', async () => {
    const rows = rowsFromPostgres(database.url, { tenantColumn: 'tenant_id' });
    expect(await rows(acme)).toEqual({
      job: [
        { id: 1, tenant_id: 't_acme', title: 'a' },
        { id: 3, tenant_id: 't_acme', title: 'c' },
      ],
      'hr.Pay Slip': [],
    });
    expect((await rows({ id: 't_globex', slug: 'globex' }))['hr.Pay Slip']).toMatchObject([{ amount: '4711.08' }]);
    const [one, two] = await Promise.all([rows(acme), rows(acme)]);
    expect(one).toEqual(two);
  });

  it('keeps a row that was changed in its place, and sees what was changed', async () => {
    const rows = rowsFromPostgres(database.url, { tenantColumn: 'tenant_id', tables: ['job'] });
    await query(database.url, `update job set title = 'changed' where id = 1`);
    expect(await rows(acme)).toEqual({
      job: [expect.objectContaining({ id: 1, title: 'changed' }), expect.objectContaining({ id: 3 })],
    });
  });

  it('is an error, never an empty answer, where it could see nothing', async () => {
    await expect(rowsFromPostgres(database.url, { tenantColumn: 'company_id' })(acme)).rejects.toThrow(
      'rowsFromPostgres: the database has no table with a column "company_id".',
    );
    const missing = rowsFromPostgres(database.url, { tenantColumn: 'tenant_id', tables: ['job', 'jobs'] });
    await expect(missing(acme)).rejects.toThrow('no table jobs with a column "tenant_id"');
  });

  it('refuses a role from which row-level security hides rows', async () => {
    await query(
      database.url,
      `create role ${reader} login password 'x'; grant select on job to ${reader};
       alter table job enable row level security; create policy none on job using (false)`,
    );
    const url = Object.assign(new URL(database.url), { username: reader, password: 'x' }).href;
    await expect(rowsFromPostgres(url, { tenantColumn: 'tenant_id', tables: ['job'] })(acme)).rejects.toThrow(
      'row-level security hides rows of job from this role',
    );
    expect((await rowsFromPostgres(database.url, { tenantColumn: 'tenant_id' })(acme))['job']).toHaveLength(2);
  });
});

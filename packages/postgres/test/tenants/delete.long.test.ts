import { randomBytes } from 'node:crypto';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEDGER, LEDGER_SQL } from '../../src/migrations/ledger/ledger.js';
import {
  type DeleteTenantOptions,
  deleteTenant,
  previewDeletion,
  TenantDirectory,
  tenantPlaces,
} from '../../src/tenants.js';
import { servers } from '../database/servers.js';

const TABLES = `create table country (code text primary key);
  create table company (tenant_id text primary key, name text);
  create table person (tenant_id text not null references company, id int, boss int, body jsonb, primary key (tenant_id, id),
    foreign key (tenant_id, boss) references person);
  create index on person (tenant_id, boss);
  create table place (tenant_id text not null, id int primary key, above int not null references place);
  create index on place (above);
  create table visit (tenant_id text not null, day date, person int, primary key (tenant_id, day, person),
    foreign key (tenant_id, person) references person) partition by range (day);
  create table visit_1 partition of visit for values from ('2026-01-01') to ('2026-02-01');
  create table visit_2 partition of visit default;
  create index on visit (tenant_id, person);
  create table tag (tenant_id text not null, person int, label text);
  create table elsewhere (id int primary key, note text, more jsonb, list text[])`;

async function fill(client: pg.Client, tenants: readonly string[]): Promise<void> {
  const list = [tenants];
  await client.query(`insert into company select t, t from unnest($1::text[]) t`, list);
  await client.query(
    `insert into person select t, n, nullif(n - 1, 0), '{}' from unnest($1::text[]) t, generate_series(1, 700) n`,
    list,
  );
  await client.query(
    `insert into place select t, i * 1000 + n, i * 1000 + greatest(n - 1, 1) from unnest($1::text[]) with ordinality as u (t, i), generate_series(1, 20) n`,
    list,
  );
  await client.query(
    `insert into visit select t, '2026-01-20'::date + n % 30, n from unnest($1::text[]) t, generate_series(1, 500) n`,
    list,
  );
  await client.query(`insert into tag select t, n, 'x' from unnest($1::text[]) t, generate_series(1, 100) n`, list);
}

describe.each(servers)('the deletion of a tenant $title', ({ url: server }) => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let directory: TenantDirectory;
  let outside: pg.Client;
  let base: DeleteTenantOptions;

  const counts = async (tenant: string) => {
    const found: Record<string, number> = {};
    for (const table of ['company', 'person', 'place', 'visit', 'tag']) {
      const { rows } = await outside.query(`select count(*)::int as n from ${table} where tenant_id = $1`, [tenant]);
      found[table] = rows[0].n;
    }
    return found;
  };

  beforeEach(async () => {
    database = await createDatabase(server);
    outside = new pg.Client({ connectionString: database.url });
    await outside.connect();
    await outside.query(TABLES);
    await fill(outside, ['acme-1', 'globex-1']);
    directory = new TenantDirectory({ connection: database.url });
    await directory.install();
    await directory.create({ slug: 'acme', id: 'acme-1', name: 'Acme', settings: { seats: 3 } });
    await directory.create({ slug: 'globex', id: 'globex-1' });
    const places = tenantPlaces({
      servers: { main: { connection: database.url } },
      role: 'app',
      migrations: 'migrations',
      policies: { shared: ['country', 'elsewhere'] },
    });
    base = { directory, places, tenant: 'acme-1', settleMillis: 0, lockPatienceMillis: 2_000 };
  });

  afterEach(async () => {
    await directory.close();
    await outside.end();
    await database.stop();
  });

  it("O36: removes all rows of it, children first, and nobody else's", async () => {
    const before = await counts('globex-1');
    const expected = await counts('acme-1');
    const { rows } = await previewDeletion(base);
    expect(Object.fromEntries(rows.map(({ table, rows: n }) => [table.replace('public.', ''), n]))).toEqual(expected);
    const certificate = await deleteTenant(base);
    expect(certificate).toMatchObject({ tenant: 'acme-1', kept: [], also: [], isMistakable: false });
    expect(certificate.removed.map(({ rows: n }) => n).toSorted()).toEqual(Object.values(expected).toSorted());
    expect(certificate.scanned).toEqual([{ server: 'main', database: expect.any(String), tables: 8 }]);
    expect(Object.values(await counts('acme-1'))).toEqual([0, 0, 0, 0, 0]);
    expect(await counts('globex-1')).toEqual(before);
    expect(await directory.findById('acme-1')).toBeNull();
    expect(await directory.get('acme-1')).toMatchObject({ status: 'deleted', name: '', settings: {} });
    // Nothing of the scaffolding is left, and the certificate is kept.
    const { rows: left } = await outside.query(
      `select tgname from pg_trigger where tgname like 'zzz%' union all select nspname from pg_namespace where nspname = 'tenancy_fence'`,
    );
    expect(left).toEqual([]);
    expect(await deleteTenant(base)).toEqual(certificate);
    await expect(directory.create({ slug: 'acme' })).rejects.toThrow(/tenant_exists/);
  });

  it.each([
    ['a text', `insert into elsewhere (id, note) values (1, 'invited by acme-1 in May')`, 'note'],
    ['JSON', `insert into elsewhere (id, more) values (1, '{"a": [{"b": "acme-1"}]}')`, 'more'],
    ['a key of JSON', `insert into elsewhere (id, more) values (1, '{"acme-1": 1}')`, 'more'],
    ['a list', `insert into elsewhere (id, list) values (1, array['x', 'acme-1'])`, 'list'],
    [
      'a table with a column t',
      `alter table elsewhere add t int; insert into elsewhere (id, note) values (1, 'of acme-1')`,
      'note',
    ],
    ['a key of a cache', `insert into elsewhere (id, note) values (1, 'jobs:acme-1:all')`, 'note'],
  ])('finds what is left of it in %s, and says where', async (_, plant, column) => {
    await outside.query(plant);
    await outside.query(
      `insert into elsewhere (id, note, list) values (2, 'acme-10 and acme-1-x, acme', array['pacme-1'])`,
    );
    await expect(deleteTenant(base)).rejects.toThrow(
      new RegExp(`tenant_left.*1 in public.elsewhere.${column} of`, 's'),
    );
    expect(await directory.get('acme-1')).toMatchObject({ status: 'deleting' });
    const { kept, removed } = await deleteTenant({ ...base, keep: { 'public.elsewhere': 'the law' } });
    expect(kept).toMatchObject([{ table: 'public.elsewhere', column, rows: 1, reason: 'the law' }]);
    expect(removed).toHaveLength(5);
  });

  it('finds an id that could be a number where it is said to be a tenant, and there alone', async () => {
    await directory.create({ slug: 'seven', id: '7' });
    await outside.query(`insert into company values ('7', 'seven')`);
    await outside.query(`insert into elsewhere (id, note, more) values (7, '7 of 7', '{"n": 7}')`);
    await outside.query(`insert into elsewhere (id, more) values (8, '{"tenantId": "7"}')`);
    const seven = { ...base, tenant: '7' };
    await expect(deleteTenant(seven)).rejects.toThrow(/tenant_left.*: 1 in public.elsewhere.more/s);
    await outside.query('delete from elsewhere where id = 8');
    expect(await deleteTenant(seven)).toMatchObject({ isMistakable: true, kept: [] });
  });

  it('O36: refuses, before anything is done, to read a whole table for each row, and names the index', async () => {
    await outside.query(`create table note (id int, tenant_id text, person int, foreign key (tenant_id, person) references person);
      create index on note (tenant_id);
      insert into note select n, 'globex-1', 1 from generate_series(1, 60000) n`);
    await expect(deleteTenant(base)).rejects.toThrow(
      /place_unusable.*create index concurrently on "public"."note" \("tenant_id", "person"\);/s,
    );
    expect(await directory.findById('acme-1')).toMatchObject({ status: 'active' });
    await outside.query('create index on note (tenant_id, person)');
    await deleteTenant(base);
  });

  it("O36: takes no row of another tenant's along, whatever a key without the tenant cascades to", async () => {
    await outside.query(`create table spot (id int primary key, tenant_id text not null, place int references place on delete cascade);
      create index on spot (place); insert into spot values (1, 'globex-1', 1001)`);
    await expect(deleteTenant(base)).rejects.toThrow(/place_unusable.*"spot" that are not this tenant's/s);
    expect(await directory.findById('acme-1')).toMatchObject({ status: 'active' });
    await outside.query(`update spot set tenant_id = 'acme-1'`);
    await deleteTenant(base);
    await outside.query(`insert into spot values (2, 'globex-1', 2001)`);
  });

  it('O36: lets nobody write meanwhile, not even who was there before', async () => {
    const writer = new pg.Client({ connectionString: database.url });
    writer.on('error', () => {});
    await writer.connect();
    try {
      await writer.query(`begin; insert into tag values ('acme-1', 1, 'open')`);
      await expect(deleteTenant({ ...base, lockPatienceMillis: 300 })).rejects.toThrow(
        /operation_failed.*open longer/s,
      );
      expect((await counts('acme-1'))['tag']).toBe(100);
      const running = deleteTenant({
        ...base,
        onProgress: (event) => {
          if (event.type === 'step' && event.step === 'also') done();
        },
      });
      let done = () => {};
      const isRemoved = new Promise<void>((resolve) => {
        done = resolve;
      });
      await writer.query('commit');
      await isRemoved;
      await expect(writer.query(`insert into tag values ('acme-1', 1, 'late')`)).rejects.toThrow(/tenant_fenced/);
      await writer.query(`insert into tag values ('globex-1', 1, 'mine')`);
      await running;
      expect((await counts('acme-1'))['tag']).toBe(0);
    } finally {
      await writer.end();
    }
  });

  describe('with triggers of the application, which runs as a role that policies hold', () => {
    let role: string;
    beforeEach(async () => {
      role = `app_${randomBytes(6).toString('hex')}`;
      await outside.query(`create role ${role}; grant usage on schema public to ${role}`);
      base = {
        ...base,
        places: tenantPlaces({
          servers: { main: { connection: database.url } },
          role,
          migrations: 'm',
          policies: { shared: ['country', 'elsewhere'] },
        }),
      };
    });
    afterEach(async () => {
      await outside.query(`drop owned by ${role}; drop role ${role}`);
    });

    it("touches nobody else's rows by a trigger that leaves it to the policies", async () => {
      await outside.query(`create table total (tenant_id text primary key, tags int not null); insert into total values ('acme-1', 5), ('globex-1', 5);
        grant select, update, delete on total to ${role};
        alter table total enable row level security; create policy own on total using (tenant_id = current_setting('app.tenant_id', true));
        create function counted() returns trigger language plpgsql as $$ begin update total set tags = tags - 1; return null; end $$;
        create trigger counted after delete on tag for each row execute function counted()`);
      await deleteTenant(base);
      expect((await outside.query('select * from total')).rows).toEqual([{ tenant_id: 'globex-1', tags: 5 }]);
      // The right that it lacked is its no more.
      const { rows } = await outside.query(`select has_table_privilege($1, 'tag', 'delete') as may`, [role]);
      expect(rows).toEqual([{ may: false }]);
    });

    it('is refused to a role that is no member of it', async () => {
      const keeper = `${role}_keeper`;
      await outside.query(`create function counted() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger counted after delete on tag for each row execute function counted();
        create role ${keeper} login bypassrls password 'keeper'; grant usage, create on schema public to ${keeper};
        grant all on all tables in schema public to ${keeper}; grant create on database ${new URL(database.url).pathname.slice(1)} to ${keeper}`);
      const connection = Object.assign(new URL(database.url), { username: keeper, password: 'keeper' }).href;
      const places = tenantPlaces({
        ...{ servers: { main: { connection } }, role, migrations: 'migrations' },
        policies: { shared: ['country', 'elsewhere'] },
      });
      await expect(previewDeletion({ ...base, places })).rejects.toThrow(/place_unusable.*counted.*no member of it/s);
      await outside.query(`grant ${role} to ${keeper}`);
      expect((await previewDeletion({ ...base, places })).rows.length).toBeGreaterThan(0);
      await outside.query(`drop owned by ${keeper}; drop role ${keeper}`);
    });

    it('is refused where the connection may not become that role, before anything is done', async () => {
      await outside.query(`create function counted() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger counted after delete on tag for each row execute function counted()`);
      const places = tenantPlaces({
        ...{ servers: { main: { connection: database.url } }, role: `no_${role}`, migrations: 'migrations' },
        policies: { shared: ['country', 'elsewhere'] },
      });
      await expect(deleteTenant({ ...base, places })).rejects.toThrow(/place_unusable.*counted.*no member of it/s);
      // Before anything was done.
      expect(await directory.findById('acme-1')).toMatchObject({ status: 'active' });
    });

    it('takes what its own triggers write while its rows go', async () => {
      await outside.query(`create table trail (tenant_id text not null, what text); grant insert on trail to ${role}`);
      await outside.query(`create function noted() returns trigger language plpgsql as $$ begin insert into trail values (old.tenant_id, tg_table_name); return null; end $$;
      create trigger noted after delete on tag for each row execute function noted();
      create trigger noted after delete on company for each row execute function noted()`);
      await deleteTenant(base);
      expect((await outside.query('select tenant_id from trail')).rows).toEqual([]);
    });
  });

  it('deletes ordinary tables: keys of uuid, forced policies, deferred keys, an identity, a cascade of its own', async () => {
    const [acme, globex] = ['0b5c1a52-6f0e-4f0c-9a6b-6a1f4a1c2d3e', '7d9e2b63-7a1f-4a1d-8b7c-7b2a5b2d3e4f'];
    await outside.query(`drop table visit, tag, person, company, place;
      create table account (tenant_id uuid primary key, name text);
      create table ticket (id bigint generated always as identity primary key, tenant_id uuid not null references account on delete cascade, unique (tenant_id, id));
      create table reply (id uuid primary key default gen_random_uuid(), tenant_id uuid not null, ticket bigint, more jsonb,
        foreign key (tenant_id, ticket) references ticket (tenant_id, id) on delete set null (ticket) deferrable initially deferred);
      create index on reply (tenant_id, ticket);
      insert into account values ('${acme}', 'a'), ('${globex}', 'g');
      insert into ticket (tenant_id) select tenant_id from account, generate_series(1, 50);
      insert into reply (tenant_id, ticket, more) select tenant_id, id, jsonb_build_object('by', tenant_id) from ticket`);
    for (const table of ['account', 'ticket', 'reply']) {
      await outside.query(`alter table ${table} enable row level security, force row level security`);
    }
    await directory.create({ id: acme, slug: 'acme-2' });
    const { removed } = await deleteTenant({ ...base, tenant: acme });
    expect(removed.map(({ table, rows }) => [table, rows])).toEqual([
      ['public.account', 1],
      ['public.ticket', 50],
      ['public.reply', 50],
    ]);
    const { rows } = await outside.query(
      'select count(*)::int as n, count(distinct tenant_id)::int as tenants from reply',
    );
    expect(rows).toEqual([{ n: 50, tenants: 1 }]);
  });

  it('asks what else holds something of it, and again after it has failed', async () => {
    const called: string[] = [];
    let isDown = true;
    const also = [
      { name: 'cache', remove: async () => called.push('cache') },
      {
        name: 'files',
        remove: async () => {
          if (isDown) throw new Error('no route to the bucket');
          return 4;
        },
        left: async () => 0,
      },
    ];
    await expect(deleteTenant({ ...base, also })).rejects.toThrow('no route');
    expect(await directory.get('acme-1')).toMatchObject({ status: 'deleting' });
    await expect(directory.resume('acme-1')).rejects.toThrow(/tenant_state_refused/);
    isDown = false;
    const { also: done } = await deleteTenant({ ...base, also });
    expect(done).toEqual([
      { name: 'cache', removed: 3 },
      { name: 'files', removed: 4 },
    ]);
    expect(called).toHaveLength(2);
  });

  describe('a tenant with a schema or a database of its own', () => {
    const placed = async (id: string, kind: 'schema' | 'database', name: string) => {
      await directory.create({ id, slug: id.replace('_', '-'), place: { server: 'main', kind, name } });
      return { ...base, tenant: id };
    };
    /** The ledger, as a run of the migrations leaves it. */
    const migrated = async (client: pg.Client, targets: readonly string[]) => {
      await client.query(LEDGER_SQL);
      for (const target of targets) {
        await client.query(`insert into ${LEDGER} (target, name, checksum, done) values ($1, '1', '', 1)`, [target]);
      }
    };
    const exists = async (catalog: string, column: string, name: string) =>
      (await outside.query(`select 1 from ${catalog} where ${column} = $1`, [name])).rowCount === 1;

    it('drops its schema, with what the ledger has of it, and counts what was there', async () => {
      await outside.query(`create schema of_ina; create table of_ina.note (id int primary key); insert into of_ina.note values (1), (2);
        create function of_ina.f() returns int language sql as 'select 1'; create view of_ina.v as select of_ina.f() from of_ina.note;
        create schema of_leo; create table of_leo.note (id int)`);
      await migrated(outside, ['of_ina', 'of_leo']);
      const ina = await placed('t_ina123', 'schema', 'of_ina');
      expect((await deleteTenant(ina)).removed).toEqual([{ table: 'of_ina.note', rows: 2 }]);
      expect(await exists('pg_namespace', 'nspname', 'of_ina')).toBe(false);
      expect(await exists('pg_namespace', 'nspname', 'of_leo')).toBe(true);
      expect((await outside.query('select target from tenancy_migrations')).rows).toEqual([{ target: 'of_leo' }]);
    });

    it.each([
      ['a view', 'create view public.seen as select * from of_ina.note'],
      ['a foreign key', 'create table public.child (note int references of_ina.note)'],
      ['a default', 'create table public.child (note int default of_ina.f())'],
      ['a column of its type', 'create table public.child (note of_ina.mood)'],
    ])('takes %s elsewhere not along', async (_, elsewhere) => {
      await outside.query(`create schema of_ina; create table of_ina.note (id int primary key); create type of_ina.mood as enum ('sad');
        create function of_ina.f() returns int language sql as 'select 1'; ${elsewhere}`);
      await migrated(outside, ['of_ina']);
      await expect(deleteTenant(await placed('t_ina123', 'schema', 'of_ina'))).rejects.toThrow(
        /place_unusable.*public\.|place_unusable.*(child|seen)/s,
      );
      expect(await exists('pg_namespace', 'nspname', 'of_ina')).toBe(true);
    });

    it('drops its database, whoever is connected', async () => {
      const name = `of_ina_${process.pid}_${Date.now()}`;
      await outside.query(`create database ${name}`);
      const url = new URL(database.url);
      url.pathname = `/${name}`;
      const inside = new pg.Client({ connectionString: url.href });
      inside.on('error', () => {});
      await inside.connect();
      await inside.query('create table note (id int primary key, tenant_id text); insert into note values (1)');
      await migrated(inside, ['']);
      const ina = await placed('t_ina123', 'database', name);
      expect((await deleteTenant(ina)).removed).toEqual([{ table: 'public.note', rows: 1 }]);
      expect(await exists('pg_database', 'datname', name)).toBe(false);
    });

    it("drops nothing that is everybody's or another tenant's as well", async () => {
      await outside.query('create schema of_two; create table of_two.note (id int)');
      const two = await placed('t_two111', 'schema', 'of_two');
      await placed('t_two222', 'schema', 'of_two');
      await expect(deleteTenant(two)).rejects.toThrow(/place_unusable.*another tenant's as well/s);
      const { rows } = await outside.query('select current_database() as name');
      for (const [id, kind, name] of [
        ['t_bad111', 'schema', 'public'],
        ['t_bad222', 'schema', 'tenancy'],
        ['t_bad333', 'database', rows[0].name],
      ] as const) {
        await expect(deleteTenant(await placed(id, kind, name))).rejects.toThrow(/place_unusable.*everybody's/s);
        expect(await directory.get(id)).toMatchObject({ status: 'active' });
      }
      expect(await exists('pg_namespace', 'nspname', 'of_two')).toBe(true);
    });
  });

  it('drops its own schema where the id is written in another way than its rows have it', async () => {
    const id = 'ABCDEF11-2222-4333-8444-555555555555';
    await outside.query(`create schema upper_case; create table upper_case.note (tenant_id uuid, "Owner" uuid);
      insert into upper_case.note values ('${id}', null), (null, null)`);
    await outside.query(LEDGER_SQL);
    await outside.query(`insert into ${LEDGER} (target, name, checksum, done) values ('upper_case', '1', '', 1)`);
    await directory.create({ id, slug: 'upper', place: { server: 'main', kind: 'schema', name: 'upper_case' } });
    const { removed } = await deleteTenant({ ...base, tenant: id });
    expect(removed).toEqual([{ table: 'upper_case.note', rows: 2 }]);
  });

  it.each([
    ['a database of somebody else', 'database', ''],
    ['a schema of the application', 'schema', 'create schema other_app; create table other_app.note (id int)'],
    [
      "a schema with another tenant's rows",
      'schema',
      `create schema other_app; create table other_app.note (tenant_id text); insert into other_app.note values ('globex-1'), ('t_edit11')`,
    ],
  ] as const)('a place that was edited by hand: %s is not dropped', async (_, kind, sql) => {
    const name = kind === 'schema' ? 'other_app' : `edited_${randomBytes(6).toString('hex')}`;
    await outside.query(sql === '' ? `create database ${name}` : sql);
    if (sql.includes('globex')) {
      await outside.query(LEDGER_SQL);
      await outside.query(`insert into ${LEDGER} (target, name, checksum, done) values ('other_app', '1', '', 1)`);
    }
    await directory.create({ id: 't_edit11', slug: 'edited', place: { server: 'main', kind, name } });
    try {
      await expect(deleteTenant({ ...base, tenant: 't_edit11' })).rejects.toThrow(
        /place_unusable.*(no migration has been applied there|"note" has rows of another)/s,
      );
      const catalog = kind === 'schema' ? 'pg_namespace where nspname' : 'pg_database where datname';
      expect((await outside.query(`select from ${catalog} = $1`, [name])).rowCount).toBe(1);
      expect(await directory.get('t_edit11')).toMatchObject({ status: 'active' });
    } finally {
      if (kind === 'database') await outside.query(`drop database if exists ${name}`);
    }
  });

  it('says by its code what the database has refused, and goes on when that is gone', async () => {
    await outside.query(
      'create rule kept as on delete to visit_2 do instead nothing; create rule kept as on delete to visit_1 do instead nothing',
    );
    const error = await deleteTenant(base).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'operation_failed',
      message: expect.stringMatching(/SQLSTATE 23503 at the table .*Run it again/s),
    });
    expect((error as Error).message).not.toContain('acme-1');
    await outside.query('drop rule kept on visit_1; drop rule kept on visit_2');
    expect((await deleteTenant(base)).tenant).toBe('acme-1');
  });

  it('goes on with one whose place is gone, and says so of one that nobody knows', async () => {
    await directory.create({
      id: 't_gone11',
      slug: 'gone',
      place: { server: 'main', kind: 'schema', name: 'never_was' },
    });
    expect((await deleteTenant({ ...base, tenant: 't_gone11' })).removed).toEqual([]);
    await expect(deleteTenant({ ...base, tenant: 'nobody' })).rejects.toThrow(/tenant_unknown/);
  });

  it('refuses a role that would not see every row', async () => {
    await outside.query(
      `alter table tag enable row level security, force row level security; create role seeing_${process.pid} login password 'seeing';`,
    );
    try {
      await outside.query(
        `grant all on all tables in schema public, tenancy to seeing_${process.pid}; grant usage on schema public, tenancy to seeing_${process.pid}`,
      );
      const url = new URL(database.url);
      url.username = `seeing_${process.pid}`;
      url.password = 'seeing';
      const places = tenantPlaces({
        ...{ servers: { main: { connection: url.href } }, role: 'app', migrations: 'migrations' },
        policies: { shared: ['country', 'elsewhere'] },
      });
      await expect(deleteTenant({ ...base, places })).rejects.toThrow(/row-level security|row security/);
      expect(await directory.findById('acme-1')).toMatchObject({ status: 'active' });
    } finally {
      await outside.query(`drop owned by seeing_${process.pid}; drop role seeing_${process.pid}`);
    }
  });
});

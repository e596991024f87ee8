import { randomBytes } from 'node:crypto';
import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { createTenantPool, placedIsolation, type TenantPlace, type TenantPool } from '../../src/index.js';
import { migrate } from '../../src/migrations.js';
import { TenantDirectory, type TenantPlaces, type TenantPlacesOptions, tenantPlaces } from '../../src/tenants.js';
import { servers } from '../database/servers.js';

/** Tables with a column of every kind, that refer to each other, with a trigger that would change what is written. */
export const MIGRATION = `
  create type mood as enum ('glad', 'sad');
  create table country (code text primary key);
  insert into country values ('de'), ('fr');
  create table job (tenant_id text not null default current_setting('app.tenant_id'), id int generated always as identity,
    title text not null, country text references country, at timestamptz not null default clock_timestamp(), primary key (tenant_id, id), unique (tenant_id, title));
  create table item (tenant_id text not null default current_setting('app.tenant_id'), id bigserial, job_id int, parent bigint,
    at timestamptz, f float8, n numeric(20, 8), j json, b jsonb, list text[], raw bytea, mood mood, span interval, body text,
    twice bigint generated always as (id * 2) stored, primary key (tenant_id, id),
    foreign key (tenant_id, job_id) references job on delete cascade, foreign key (tenant_id, parent) references item);
  create index on item (tenant_id, job_id);
  create table visit (tenant_id text not null default current_setting('app.tenant_id'), day date not null, id int, primary key (tenant_id, day, id)) partition by range (day);
  create table visit_1 partition of visit for values from ('2026-01-01') to ('2026-07-01');
  create table visit_2 partition of visit default;
  create table note (id int primary key, tenant_id text not null default current_setting('app.tenant_id'), body text);
  create function stamp() returns trigger language plpgsql as $$ begin new.body := coalesce(new.body, '') || ' stamped'; return new; end $$;
  create trigger stamp before insert on item for each row execute function stamp();`;

/** Rows of a tenant, on a connection that is bound to it. */
const ROWS = `
  insert into job (title, country) select 'job ' || n, case when n % 2 = 0 then 'de' end from generate_series(1, 200) n;
  insert into item (job_id, at, f, n, j, b, list, raw, mood, span, body)
    select id, '2026-01-01 10:00:00.123456+00'::timestamptz + id * interval '1 microsecond', id / 3.0::float8, id / 7.0,
      '{"a": 1,  "a": 2}', '{"a": [1, null]}', array['a,b', null, E'c\\t\\n'], '\\x00ff'::bytea, 'sad', interval '1 mon 2 days 3.000004 s', repeat('x', id)
    from job where tenant_id = current_setting('app.tenant_id');
  insert into item default values;
  update item set parent = (select min(p.id) from item p where p.tenant_id = item.tenant_id) where tenant_id = current_setting('app.tenant_id') and f > 3;
  insert into visit select current_setting('app.tenant_id'), '2026-06-01'::date + n, n from generate_series(1, 100) n;`;

/** Servers with a directory and tenants that have rows, and an application over them. */
export class MoveFixture {
  readonly databases: TestDatabase[] = [];
  readonly role = `move_${randomBytes(6).toString('hex')}`;
  readonly context = new TenantContext();
  readonly pools: TenantPool[] = [];
  directory!: TenantDirectory;
  places!: TenantPlaces;
  /** Superusers of the shared databases, by the server. */
  readonly admin: Record<string, pg.Client> = {};

  /** @param second - the server that is `eu2` */
  static async start(
    second = servers.at(-1)?.url ?? inject('postgresUrl'),
    migration = MIGRATION,
    policies: TenantPlacesOptions['policies'] = { shared: ['country'] },
  ): Promise<MoveFixture> {
    const fixture = new MoveFixture();
    const urls: Record<string, string> = {};
    for (const [name, server] of Object.entries({ main: inject('postgresUrl'), eu2: second })) {
      const database = await createDatabase(server);
      fixture.databases.push(database);
      urls[name] = database.url;
      fixture.admin[name] = await connected(database.url);
      await fixture.admin[name].query(
        `do $$ begin create role ${fixture.role} login password 'move'; exception when duplicate_object then null; end $$`,
      );
      fixture.sharedUrls[name] = fixture.#asApp(database.url);
    }
    fixture.places = tenantPlaces({
      servers: { main: { connection: urls['main'] as string }, eu2: { connection: urls['eu2'] as string } },
      role: fixture.role,
      migrations: { read: async () => [{ name: '1', sql: migration }] },
      policies,
      database: ({ id }) => fixture.databaseOf(id),
    });
    for (const connection of Object.values(urls)) {
      await migrate({ connection, migrations: fixture.places.migrations as never, policies: fixture.places.policies });
    }
    fixture.directory = new TenantDirectory({ connection: urls['main'] as string });
    await fixture.directory.install();
    return fixture;
  }

  readonly sharedUrls: Record<string, string> = {};

  #asApp(url: string): string {
    return Object.assign(new URL(url), { username: this.role, password: 'move' }).href;
  }

  /** A pool as the application has it. Each tenant is found where the directory says, at each query. */
  pool(max = 10): TenantPool {
    const pool = createTenantPool({
      connectionString: this.sharedUrls['main'] as string,
      context: this.context,
      max,
      isolation: placedIsolation({ servers: this.sharedUrls, shared: ['country'], maxConnectionsPerServer: max }),
    });
    this.pools.push(pool);
    return pool;
  }

  /** Runs `work` as a tenant where it is now. */
  async as<R>(id: string, work: () => Promise<R>): Promise<R> {
    return this.context.run((await this.directory.get(id)) as Tenant, work);
  }

  /** A tenant with rows beside those of others. */
  async tenant(id: string, place: TenantPlace = { server: 'main', kind: 'rows', name: null }): Promise<string> {
    await this.directory.create({ id, slug: id, place });
    const client = await connected((this.databases[place.server === 'main' ? 0 : 1] as TestDatabase).url);
    await client.query(`select set_config('app.tenant_id', '${id}', false); ${ROWS}`);
    await client.end();
    return id;
  }

  /** All rows of a tenant as text, where a place has them. */
  async rowsAt(id: string, place: TenantPlace): Promise<readonly string[]> {
    const client = new pg.Client(this.places.connectionTo(place));
    await client.connect();
    const schema = place.kind === 'schema' ? place.name : 'public';
    const found: string[] = [];
    for (const table of ['job', 'item', 'visit']) {
      const { rows } = await client.query(
        `select '${table} ' || t::text as row from ${schema}.${table} t where tenant_id = $1 order by 1`,
        [id],
      );
      found.push(...rows.map(({ row }) => row));
    }
    await client.end();
    return found;
  }

  /** Remains of a move, or of one that was abandoned, in the shared database of a server. */
  async left(server = 'main'): Promise<readonly string[]> {
    const { rows } = await (this.admin[server] as pg.Client).query(
      `select tgname as name from pg_trigger where tgname ~ 'tenancy' union all select nspname from pg_namespace where nspname ~ '^tenan(t_|cy_fence)'
        union all select datname from pg_database where datname = any ($1)`,
      [this.#databasesOfTenants],
    );
    return rows.map(({ name }) => name.replace(`_${this.role}`, '').replace(/^(?=\w$)/, 'tenant_'));
  }

  readonly #databasesOfTenants: string[] = [];

  /** The database of a tenant, which no other test has on the same server. It is dropped with the fixture, if it is there. */
  databaseOf(id: string): string {
    const name = `${id}_${this.role}`;
    if (!this.#databasesOfTenants.includes(name)) this.#databasesOfTenants.push(name);
    return name;
  }

  async stop(): Promise<void> {
    await this.directory?.close();
    await Promise.all(this.pools.map((pool) => pool.end().catch(() => {})));
    for (const client of Object.values(this.admin)) {
      for (const name of this.#databasesOfTenants) {
        await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
      }
      await client.end();
    }
    for (const database of this.databases) await database.stop();
    for (const { url } of servers) {
      const client = await connected(url);
      await client.query(`drop role if exists ${this.role}`);
      await client.end();
    }
  }
}

export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { migrate } from '../../src/migrations.js';
import { TenantDirectory, type TenantPlacesOptions, tenantPlaces } from '../../src/tenants.js';
import type { TestServer } from '../database/servers.js';

/** Migrations with what needs a transaction of its own otherwise: an index made CONCURRENTLY, and a value of an enum that is used at once. */
export const MIGRATIONS: Readonly<Record<string, string>> = {
  '0001_job.sql': `create type mood as enum ('glad', 'sad');
    create table job (id int generated always as identity primary key, tenant_id text not null default current_setting('app.tenant_id', true),
      title text not null, mood mood not null default 'glad');
    create sequence ticket;
    create function job_count() returns bigint language sql stable as 'select count(*) from job';
    create function next_ticket() returns bigint language sql as $$ select nextval('ticket') $$;
    create table receipt (id bigint primary key default nextval('ticket'), tenant_id text not null default current_setting('app.tenant_id', true))`,
  '0002_index.sql': `create /* hot */ index concurrently job_title on job (title); vacuum job; reindex table concurrently job`,
  '0003_mood.sql': `alter type mood add value 'calm' before 'sad'; alter table job alter mood set default 'calm'`,
  '0004_own.sql': `create function own_count() returns bigint language plpgsql stable as
    $$ begin return (select count(*) from job); end $$`,
};

export interface ProvisionDatabase {
  readonly url: string;
  readonly appUrl: string;
  readonly role: string;
  readonly folder: string;
  /** The beginning of the names of databases of tenants. */
  readonly prefix: string;
  readonly directory: TenantDirectory;
  readonly outside: pg.Pool;
  places(options?: Partial<TenantPlacesOptions>): ReturnType<typeof tenantPlaces>;
  /** A connection of the application, to its database or another one. */
  app(database?: string): Promise<pg.Client>;
  file(name: string, sql: string): Promise<void>;
  /** Every schema, database, slug, tenant, operation and line of the ledger of a tenant, of which there are none where it was never provisioned. */
  traces(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** A server's database with a directory, an application's role, migrations that are applied there, and databases of tenants by its own prefix. */
export async function openProvisionDatabase({ url: server }: Pick<TestServer, 'url'>): Promise<ProvisionDatabase> {
  const database = await createDatabase(server);
  const folder = await mkdtemp(join(tmpdir(), 'tenancy-provision-'));
  const file = (name: string, sql: string) => writeFile(join(folder, name), sql);
  for (const [name, sql] of Object.entries(MIGRATIONS)) await file(name, sql);
  const outside = new pg.Pool({ connectionString: database.url, max: 4 });
  outside.on('error', () => {});
  const suffix = randomBytes(5).toString('hex');
  const role = `app_${suffix}`;
  await outside.query(`create role ${role} login password 'provision' nosuperuser nobypassrls`);
  await migrate({ connection: database.url, directory: folder, policies: { role } });
  const directory = new TenantDirectory({ connection: database.url });
  await directory.install();
  const prefix = `t${suffix}_`;
  const databases = async () =>
    (await outside.query(`select datname from pg_database where starts_with(datname, $1)`, [prefix])).rows.map(
      ({ datname }) => String(datname),
    );
  const appUrl = new URL(database.url);
  [appUrl.username, appUrl.password] = [role, 'provision'];
  return {
    url: database.url,
    appUrl: appUrl.href,
    ...{ role, folder, prefix, directory, outside, file },
    places: (options = {}) =>
      tenantPlaces({
        servers: { main: { connection: database.url } },
        ...{ role, migrations: folder, database: ({ id }) => prefix + id, schema: ({ id }) => `s_${id}` },
        ...options,
      }),
    async app(name) {
      const url = new URL(appUrl);
      if (name !== undefined) url.pathname = `/${name}`;
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      return client;
    },
    async traces() {
      const { rows } =
        await outside.query(`select 'schema ' || nspname as trace from pg_namespace where nspname like 's\\_%'
        union all select 'ledger ' || target from public.tenancy_migrations where target <> ''
        union all select 'row of ' || tenant_id from job union all select 'tenant ' || slug || ' ' || status from tenancy.tenant
        union all select 'slug ' || slug from tenancy.slug union all select 'operation ' || tenant_id from tenancy.operation where ended_at is null
        order by 1`);
      return [...rows.map(({ trace }) => String(trace)), ...(await databases()).map((name) => `database ${name}`)];
    },
    async stop() {
      await directory.close();
      for (const name of await databases()) await outside.query(`drop database "${name}" with (force)`);
      await outside.end();
      await rm(folder, { recursive: true });
      await database.stop({ roles: [role] });
    },
  };
}

/** The URL of another database on the same server. */
export function withDatabase(url: string, name: string | null): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

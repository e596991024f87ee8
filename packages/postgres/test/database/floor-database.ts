import { randomBytes } from 'node:crypto';
import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { createTenantPool, rowLevelSecurity, type TenantPool, type TenantPoolOptions } from '../../src/index.js';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };
export const initech: Tenant = { id: 't_initech', slug: 'initech' };
export const tenants = [acme, globex, initech] as const;

export interface FloorDatabase {
  /** The application's own role, which policies apply to. */
  readonly url: string;
  /** A role that no policy holds. */
  readonly superuserUrl: string;
  readonly context: TenantContext;
  /** Sees every row, from outside. */
  readonly outside: pg.Pool;
  /** A tenant pool of the application's role; ended with the database. */
  pool(options?: Partial<TenantPoolOptions>): TenantPool;
  stop(): Promise<void>;
}

/** A database with `job(tenant_id, id, title)`, ten rows of each tenant, under policies. */
export async function openFloorDatabase(): Promise<FloorDatabase> {
  const database = await createDatabase(inject('postgresUrl'));
  const outside = new pg.Pool({ connectionString: database.url, max: 3 });
  outside.on('error', () => {});
  const role = `app_${randomBytes(6).toString('hex')}`;
  await outside.query(`
    create role ${role} login password 'floor';
    create table job (
      tenant_id text not null default current_setting('app.tenant_id'),
      id int not null,
      title text not null,
      primary key (tenant_id, id)
    );
    alter table job enable row level security, force row level security;
    create policy tenant on job to ${role}
      using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
      with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
    grant select, insert, update, delete on job to ${role};
    create table country (code text primary key);
    insert into country values ('CH');
    grant select on country to ${role};
    revoke temporary on database ${database.name} from public;
  `);
  for (const { id, slug } of tenants) {
    await outside.query(`insert into job select $1, n, $2 || ' job ' || n from generate_series(1, 10) n`, [id, slug]);
  }
  const url = new URL(database.url);
  url.username = role;
  url.password = 'floor';
  const context = new TenantContext();
  const pools: TenantPool[] = [];
  return {
    url: url.href,
    superuserUrl: database.url,
    context,
    outside,
    pool: (options) => {
      const pool = createTenantPool({
        connectionString: url.href,
        context,
        isolation: rowLevelSecurity({ shared: ['country'] }),
        ...options,
      });
      pool.on('error', () => {});
      pools.push(pool);
      return pool;
    },
    stop: async () => {
      await Promise.all(pools.filter((pool) => !pool.ending).map((pool) => pool.end()));
      await outside.end();
      await database.stop({ roles: [role] });
    },
  };
}

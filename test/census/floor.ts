import { randomBytes } from 'node:crypto';
import type { Tenant } from '@tenancy/core';
import { createTenantPool, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { context } from './row.js';
import { urlOf } from './services.js';

/** A pool of `max` over a database with a few jobs of each tenant, which policies keep apart. */
export async function openFloor(
  tenants: readonly Tenant[],
  max: number,
): Promise<{ pool: TenantPool; stop(): Promise<void> }> {
  const database = await createDatabase(urlOf('PostgreSQL'));
  const outside = new pg.Client({ connectionString: database.url });
  await outside.connect();
  const role = `app_${randomBytes(6).toString('hex')}`;
  await outside.query(`
    create role ${role} login password 'floor';
    create table job (tenant_id text not null, id int not null, title text not null, primary key (tenant_id, id));
    alter table job enable row level security, force row level security;
    create policy tenant on job to ${role}
      using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
      with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
    grant select, insert, update, delete on job to ${role};
    revoke temporary on database ${database.name} from public;
  `);
  await outside.query(
    `insert into job select tenant, n, tenant || ' job ' || n from unnest($1::text[]) tenant, generate_series(1, 3) n`,
    [tenants.map(({ id }) => id)],
  );
  const url = new URL(database.url);
  url.username = role;
  url.password = 'floor';
  const pool = createTenantPool({ connectionString: url.href, context, isolation: rowLevelSecurity(), max });
  return {
    pool,
    stop: async () => {
      await pool.end();
      await outside.end();
      await database.stop({ roles: [role] });
    },
  };
}

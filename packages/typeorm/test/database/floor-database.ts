import { randomBytes } from 'node:crypto';
import { type Tenant, TenantContext } from '@tenancy/core';
import { compilePolicies, rowLevelSecurity, TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { inject } from 'vitest';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };
export const initech: Tenant = { id: 't_initech', slug: 'initech' };
export const tenants = [acme, globex, initech] as const;

export class Office {
  declare id: string;
  declare city: string;
  declare jobs: Job[];
}

export class Job {
  declare tenantId: string;
  declare id: string;
  declare title: string;
  declare salary: number;
  declare office: Office | null;
}

export const versions = [
  { version: '1.x', Source: DataSource, Schema: EntitySchema },
  // The two versions have the same options and no common types.
  {
    version: '0.3',
    Source: DataSource03 as unknown as typeof DataSource,
    Schema: EntitySchema03 as unknown as typeof EntitySchema,
  },
] as const;

export type FloorDatabase = Awaited<ReturnType<typeof openFloorDatabase>>;

/** Offices and jobs under policies, three jobs in one office for each tenant, and data sources on tenant pools. */
export async function openFloorDatabase({ Source, Schema }: (typeof versions)[number]) {
  const database = await createDatabase(inject('postgresUrl'));
  const outside = new pg.Pool({ connectionString: database.url, max: 1 });
  outside.on('error', () => {});
  const role = `app_${randomBytes(6).toString('hex')}`;
  const tenantId = `"tenantId" text not null default current_setting('app.tenant_id')`;
  const tables = ['office', 'job'].map((name) => ({ name, tenantColumn: 'tenantId' }));
  await outside.query(`
    create table office (${tenantId}, id text, city text not null, primary key ("tenantId", id), unique (id));
    create table job (${tenantId}, id text primary key, title text not null, salary int not null default 0,
      "officeId" text, foreign key ("tenantId", "officeId") references office ("tenantId", id));
    ${compilePolicies({ role, tables, database: database.name }).sql}
    alter role ${role} login password 'floor'`);

  // Entities as one writes them without tenants, but for the column that the answers are checked by.
  const office = new Schema<Office>({
    name: 'Office',
    target: Office,
    tableName: 'office',
    columns: { id: { type: 'text', primary: true }, city: { type: 'text' } },
    relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office' } },
  });
  const job = new Schema<Job>({
    name: 'Job',
    target: Job,
    tableName: 'job',
    columns: {
      tenantId: { type: 'text', insert: false, update: false },
      id: { type: 'text', primary: true },
      title: { type: 'text' },
      salary: { type: 'int', default: 0 },
    },
    relations: {
      office: { type: 'many-to-one', target: 'Office', inverseSide: 'jobs', joinColumn: { name: 'officeId' } },
    },
  });

  const context = new TenantContext();
  const url = new URL(database.url);
  url.username = role;
  url.password = 'floor';
  const opened: DataSource[] = [];
  return {
    context,
    outside,
    url: url.href,
    entities: [office, job],
    /** As an application would: TypeORM makes the pool itself, of the class that it finds in `driver`. */
    open: async (options: Partial<DataSourceOptions> & { readonly poolSize?: number } = {}) => {
      const source = new Source({
        type: 'postgres',
        url: url.href,
        entities: [office, job],
        installExtensions: false,
        driver: { ...pg, Pool: TenantPool },
        ...(options as object),
        extra: { context, isolation: rowLevelSecurity({ tenantColumn: 'tenantId' }), ...options.extra },
      });
      await source.initialize();
      opened.push(source);
      return source;
    },
    seed: async () => {
      await outside.query('truncate office, job');
      for (const { id, slug } of tenants) {
        await outside.query('insert into office values ($1, $2, $3)', [id, `${slug}-office`, `${slug} city`]);
        await outside.query(
          `insert into job select $1, $2 || '-job-' || n, 'job ' || n, 0, $2 || '-office' from generate_series(1, 3) n`,
          [id, slug],
        );
      }
    },
    /** A tenant's jobs, from outside. */
    rowsOf: async ({ id }: Tenant) =>
      (await outside.query('select * from job where "tenantId" = $1 order by id', [id])).rows as Job[],
    stop: async () => {
      await Promise.all(opened.filter(({ isInitialized }) => isInitialized).map((source) => source.destroy()));
      await outside.end();
      await database.stop({ roles: [role] });
    },
  };
}

/** The pool that TypeORM made. */
export function poolOf(source: DataSource): pg.Pool {
  return (source.driver as unknown as { readonly master: pg.Pool }).master;
}

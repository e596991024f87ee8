import type { Tenant } from '@tenancy/core';
import {
  type SchemaPerTenantOptions,
  schemaPerTenant,
  type TenantPool,
  type TenantPoolOptions,
} from '../../src/index.js';
import { type FloorDatabase, openFloorDatabase, tenants } from '../database/floor-database.js';

export interface SchemaDatabase extends FloorDatabase {
  /** The application's role. */
  readonly role: string;
  /** A pool that keeps each tenant in the schema that is named as its slug. */
  schemaPool(isolation?: SchemaPerTenantOptions, options?: Partial<TenantPoolOptions>): TenantPool;
  /** Runs SQL as the superuser with `schema` first in `search_path`; the schema is made, and its tables the role's to use. */
  inSchema(schema: string, sql: string): Promise<void>;
}

/** A floor database whose `public` is closed to the application, and a schema with ten jobs of its own for each tenant. */
export async function openSchemaDatabase(): Promise<SchemaDatabase> {
  const database = await openFloorDatabase();
  const role = new URL(database.url).username;
  const inSchema = async (schema: string, sql: string) => {
    const name = `"${schema.replaceAll('"', '""')}"`;
    await database.outside.query(`
      create schema if not exists ${name};
      set search_path to ${name};
      ${sql};
      grant usage on schema ${name} to ${role};
      grant select, insert, update, delete, truncate on all tables in schema ${name} to ${role};
      reset search_path`);
  };
  await database.outside.query(`revoke all on all tables in schema public from ${role}`);
  for (const { id, slug } of tenants) await inSchema(slug, jobsOf(id));
  return {
    ...database,
    role,
    inSchema,
    schemaPool: (isolation, options) =>
      database.pool({ isolation: schemaPerTenant({ name: ({ slug }) => slug, ...isolation }), ...options }),
  };
}

/** The tables of one tenant. The column is there for the answers to be checked by: no policy reads it. */
export function jobsOf(id: Tenant['id']): string {
  return `
    create table job (tenant_id text not null default '${id}', id int primary key, title text not null);
    insert into job select '${id}', n, 'job ' || n from generate_series(1, 10) n`;
}

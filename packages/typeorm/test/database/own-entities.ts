import { TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import initSqlJs from 'sql.js';
import { DataSource, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { inject } from 'vitest';
import { type TenantScopedOptions, tenantScoped } from '../../src/index.js';
import { createMariadb, isMariadbThere } from './mariadb.js';

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };
export const tenants = [acme, globex] as const;
export const context = new TenantContext();

const versions = [
  ['1.x', DataSource, EntitySchema],
  // The two versions have the same options and no common types.
  ['0.3', DataSource03 as unknown as typeof DataSource, EntitySchema03 as unknown as typeof EntitySchema],
] as const;

/** Every version on every database; MariaDB where a server answers. */
export const settings = versions.flatMap(([version, Source, Schema]) =>
  (['PostgreSQL', 'SQLite', ...(isMariadbThere ? (['MariaDB'] as const) : [])] as const).map((database) => ({
    version,
    database,
    Source,
    Schema,
  })),
);

export type Setting = (typeof settings)[number];
export type EntityOptions = ConstructorParameters<typeof EntitySchema>[0];

export const id = { type: String, primary: true } as const;
export const tenantId = { type: String } as const;
export const text = { type: String } as const;

/** Hands `work` a scoped data source over entities of its own, and one that sees every row; both in a new database. */
export async function withEntities(
  { database, Source, Schema }: Setting,
  entities: readonly object[],
  work: (scoped: DataSource, outside: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<void>,
  { options = {}, ...scope }: Partial<TenantScopedOptions> & { readonly options?: object } = {},
): Promise<void> {
  const server =
    database === 'PostgreSQL'
      ? await createDatabase(inject('postgresUrl'))
      : database === 'MariaDB'
        ? await createMariadb()
        : null;
  const connection = {
    PostgreSQL: { type: 'postgres', url: server?.url, installExtensions: false },
    MariaDB: { type: 'mysql', url: server?.url, connectorPackage: 'mysql2' },
    SQLite: { type: 'sqljs', driver: await initSqlJs() },
  }[database];
  const schemas = entities.map((each) => new Schema(each as EntityOptions));
  const made = new Source({ ...connection, synchronize: true, ...options, entities: schemas } as never);
  const bare = server ? await new Source(connection as never).initialize() : null;
  try {
    const source = await tenantScoped(made, { context, ...scope }).initialize();
    await work(source, async (sql) => {
      if (bare) return bare.query(database === 'MariaDB' ? sql.replaceAll('"', '`') : sql);
      const { databaseConnection } = source.driver as unknown as {
        databaseConnection: { exec(sql: string): { columns: string[]; values: unknown[][] }[] };
      };
      const [result] = databaseConnection.exec(sql);
      return (result?.values ?? []).map((row) =>
        Object.fromEntries(row.map((value, n) => [result?.columns[n] ?? '', value])),
      );
    });
  } finally {
    await bare?.destroy();
    if (made.isInitialized) await made.destroy();
    await server?.stop();
  }
}

import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import initSqlJs from 'sql.js';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { inject } from 'vitest';
import { type TenantScopedOptions, tenantScoped } from '../../src/index.js';
import { createMariadb } from './mariadb.js';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };
export const tenants = [acme, globex] as const;

export class Country {
  declare code: string;
}
export class Office {
  declare tenantId: string;
  declare id: string;
  declare city: string;
  declare jobs: Job[];
}
export class Tag {
  declare tenantId: string;
  declare id: string;
  declare label: string;
}
export class Job {
  declare tenantId: string;
  declare id: string;
  declare title: string;
  declare salary: number;
  declare office: Office;
  declare officeId: string;
  declare tags: Tag[];
  declare deletedAt: Date | null;
}

const versions = [
  ['1.x', DataSource, EntitySchema],
  // The two versions have the same options and no common types.
  ['0.3', DataSource03 as unknown as typeof DataSource, EntitySchema03 as unknown as typeof EntitySchema],
] as const;

export const settings = versions.flatMap(([version, Source, Schema]) =>
  (['PostgreSQL', 'SQLite'] as const).map((database) => ({ version, database, Source, Schema })),
);

/** As {@link settings}, where a server is found. */
export const mariadbSettings = versions.map(([version, Source, Schema]) => ({
  version,
  database: 'MariaDB' as const,
  Source,
  Schema,
}));

export type ScopedDatabase = Awaited<ReturnType<typeof openScopedDatabase>>;

function schemasOf(Schema: typeof EntitySchema) {
  const id = { type: String, primary: true } as const;
  const tenantId = { type: String } as const;
  return [
    new Schema<Country>({ name: 'Country', target: Country, columns: { code: { type: String, primary: true } } }),
    new Schema<Office>({
      name: 'Office',
      target: Office,
      columns: { tenantId, id, city: { type: String } },
      relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office' } },
      uniques: [{ columns: ['tenantId', 'city'] }],
    }),
    new Schema<Tag>({ name: 'Tag', target: Tag, columns: { tenantId, id, label: { type: String } } }),
    new Schema<Job>({
      name: 'Job',
      target: Job,
      columns: {
        tenantId,
        id,
        title: { type: String },
        salary: { type: Number, default: 0 },
        officeId: { type: String },
        deletedAt: { type: Date, deleteDate: true, nullable: true },
      },
      relations: {
        // Not nullable: 1.x joins it with INNER JOIN.
        office: {
          type: 'many-to-one',
          target: 'Office',
          inverseSide: 'jobs',
          joinColumn: { name: 'officeId' },
          nullable: false,
        },
        tags: { type: 'many-to-many', target: 'Tag', joinTable: { name: 'job_tag' } },
      },
    }),
  ];
}

/**
 * For each tenant an office, three jobs and two tags; the third job is in the other tenant's office, and has the other's
 * second tag. One data source is scoped, and one sees everything.
 */
export async function openScopedDatabase(
  { database, Source, Schema }: (typeof settings)[number] | (typeof mariadbSettings)[number],
  scope: Omit<TenantScopedOptions, 'context'> = {},
) {
  const mariadb = database === 'MariaDB' ? await createMariadb() : null;
  const postgres = database === 'PostgreSQL' ? await createDatabase(inject('postgresUrl')) : null;
  const server = postgres ?? mariadb;
  const connection: object = postgres
    ? { type: 'postgres', url: postgres.url, installExtensions: false }
    : mariadb
      ? { type: 'mysql', url: mariadb.url, connectorPackage: 'mysql2' }
      : { type: 'sqljs', driver: await initSqlJs() };
  const options = { ...connection, entities: schemasOf(Schema), cache: true } as unknown as DataSourceOptions;
  const context = new TenantContext();
  const source = tenantScoped(new Source({ ...options, synchronize: true } as DataSourceOptions), {
    context,
    shared: ['Country'],
    ...scope,
  });
  await source.initialize();
  let outside = source;
  if (server) outside = await new Source(options).initialize();
  const bare = async (sql: string) => {
    if (server) {
      return outside.query(mariadb ? sql.replaceAll('"', '`') : sql) as Promise<Record<string, unknown>[]>;
    }
    const [result] = (
      source.driver as unknown as {
        databaseConnection: { exec(text: string): { columns: string[]; values: unknown[][] }[] };
      }
    ).databaseConnection.exec(sql);
    return (result?.values ?? []).map((row) =>
      Object.fromEntries(row.map((value, n) => [result?.columns[n] ?? '', value])),
    );
  };
  const seed = async () => {
    for (const table of ['job_tag', 'job', 'tag', 'office', 'country']) await bare(`DELETE FROM "${table}"`);
    await bare(`INSERT INTO "country" VALUES ('CH')`);
    for (const { id, slug } of tenants) {
      await bare(`INSERT INTO "office" ("tenantId", "id", "city") VALUES ('${id}', '${slug}-office', '${slug} city')`);
      for (const n of [1, 2])
        await bare(
          `INSERT INTO "tag" ("tenantId", "id", "label") VALUES ('${id}', '${slug}-tag-${n}', '${slug} label ${n}')`,
        );
    }
    for (const { id, slug } of tenants) {
      const other = slug === 'acme' ? 'globex' : 'acme';
      for (const n of [1, 2, 3]) {
        await bare(
          `INSERT INTO "job" ("tenantId", "id", "title", "salary", "officeId") VALUES ('${id}', '${slug}-job-${n}', '${slug} title ${n}', ${n}, '${n === 3 ? other : slug}-office')`,
        );
      }
      await bare(
        `INSERT INTO "job_tag" VALUES ('${slug}-job-1', '${slug}-tag-1'), ('${slug}-job-3', '${other}-tag-2')`,
      );
    }
  };
  await seed();
  return {
    context,
    source,
    seed,
    bare,
    /** Everything of one tenant's, from outside. */
    rowsOf: async ({ id, slug }: Tenant) => [
      ...(await Promise.all(
        ['job', 'tag', 'office'].map((table) =>
          bare(`SELECT * FROM "${table}" WHERE "tenantId" = '${id}' ORDER BY "id"`),
        ),
      )),
      await bare(`SELECT * FROM "job_tag" WHERE "jobId" LIKE '${slug}%' ORDER BY 1, 2`),
    ],
    stop: async () => {
      if (outside !== source) await outside.destroy();
      if (source.isInitialized) await source.destroy();
      await server?.stop();
    },
  };
}

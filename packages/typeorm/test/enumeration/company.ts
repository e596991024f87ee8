import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import initSqlJs from 'sql.js';
import * as typeorm from 'typeorm';
import * as typeorm03 from 'typeorm-0.3';
import { inject } from 'vitest';
import { tenantScoped } from '../../src/index.js';
import { FEATURE_TABLES, featureRows, featureSchemas } from './feature-entities.js';

export class Job {
  declare id: string;
  declare tenantId: string;
  declare title: string;
  declare salary: number;
  declare tags: Tag[];
  declare office: Office | null;
}
export class Tag {
  declare id: string;
}
export class Office {
  declare id: string;
  declare city: string;
  declare jobs: Job[];
}
export class Unit {
  declare id: string;
  declare name: string;
  declare parent?: object;
}

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };

export type Version = '1.x' | '0.3';
export type Database = 'PostgreSQL' | 'SQLite';
export const settings = (['1.x', '0.3'] as const).flatMap((version) =>
  (['PostgreSQL', 'SQLite'] as const).map((database) => ({ version, database })),
);

/** Targets of the calls: a scoped data source, or one that sees everybody's rows. */
export interface Side {
  readonly source: typeorm.DataSource;
  readonly manager: typeorm.EntityManager;
  readonly jobs: typeorm.Repository<Job>;
  readonly offices: typeorm.Repository<Office>;
  readonly units: typeorm.TreeRepository<Unit>;
  /** Jobs in a tree repository, for what that inherits. */
  readonly inherited: typeorm.Repository<Job>;
  readonly typeorm: typeof typeorm;
}

function schemasOf({ EntitySchema }: typeof typeorm, database: Database): typeorm.EntitySchema[] {
  const id = { type: String, primary: true } as const;
  const tenantId = { type: String } as const;
  const title = { type: String, default: 'untitled' } as const;
  const free = { nullable: true, createForeignKeyConstraints: false } as const;
  const schemas = [
    new EntitySchema<Office>({
      name: 'Office',
      target: Office,
      columns: { tenantId, id, city: { type: String } } as never,
      relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office' } },
      uniques: [{ columns: ['tenantId', 'city'] as never }],
    }),
    new EntitySchema<Tag>({ name: 'Tag', target: Tag, columns: { tenantId, id, label: { type: String } } as never }),
    new EntitySchema<Job>({
      name: 'Job',
      target: Job,
      columns: {
        tenantId,
        id,
        title,
        salary: { type: Number, default: 0 },
        ...(database === 'PostgreSQL' && {
          words: { type: 'text', array: true, default: () => `'{a}'` },
          extra: { type: 'jsonb', default: () => `'{"a": 1}'` },
        }),
        deletedAt: { type: Date, deleteDate: true, nullable: true },
      } as never,
      relations: {
        office: {
          type: 'many-to-one',
          target: 'Office',
          inverseSide: 'jobs',
          joinColumn: { name: 'officeId' },
          ...free,
        },
        tags: {
          type: 'many-to-many',
          target: 'Tag',
          joinTable: { name: 'job_tag' },
          createForeignKeyConstraints: false,
        },
      },
    }),
    new EntitySchema<Unit>({
      name: 'Unit',
      target: Unit,
      columns: { tenantId, id, name: { type: String, nullable: true } } as never,
      trees: [{ type: 'materialized-path' }],
      relations: {
        parent: { type: 'many-to-one', treeParent: true, target: 'Unit', joinColumn: { name: 'parentId' }, ...free },
        children: { type: 'one-to-many', treeChildren: true, target: 'Unit', inverseSide: 'parent' },
      } as never,
    }),
  ];
  return [...schemas, ...featureSchemas(EntitySchema)] as unknown as typeorm.EntitySchema[];
}

/**
 * For each tenant an office, three jobs and a deleted one, two tags and a unit below another. The third job refers to the
 * other tenant's office and tag.
 */
function seedOf(): string {
  const statements = ['job_tag', 'job', 'tag', 'office', 'unit', 'query-result-cache', ...FEATURE_TABLES].map(
    (table) => `DELETE FROM "${table}"`,
  );
  for (const { id, slug } of [acme, globex]) {
    const other = slug === 'acme' ? 'globex' : 'acme';
    statements.push(
      `INSERT INTO "office" ("tenantId", "id", "city") VALUES ('${id}', '${slug}-office', '${slug} city')`,
      `INSERT INTO "tag" ("tenantId", "id", "label") VALUES ('${id}', '${slug}-tag-1', '${slug} label 1'), ('${id}', '${slug}-tag-2', '${slug} label 2')`,
      `INSERT INTO "job" ("tenantId", "id", "title", "salary", "officeId", "deletedAt") VALUES ${[1, 2, 3, 4]
        .map(
          (n) =>
            `('${id}', '${slug}-job-${n}', '${slug} title ${n}', ${n}, '${n === 3 ? other : slug}-office', ${n === 4 ? "'2026-01-01'" : 'NULL'})`,
        )
        .join(', ')}`,
      `INSERT INTO "job_tag" ("jobId", "tagId") VALUES ('${slug}-job-1', '${slug}-tag-1'), ('${slug}-job-3', '${other}-tag-2')`,
      `INSERT INTO "unit" ("tenantId", "id", "name", "mpath", "parentId") VALUES ('${id}', '${slug}-unit-1', '${slug} name 1', '${slug}-unit-1.', NULL), ('${id}', '${slug}-unit-2', '${slug} name 2', '${slug}-unit-1.${slug}-unit-2.', '${slug}-unit-1')`,
      ...featureRows(id, slug, other),
    );
  }
  return statements.join(';\n');
}

const seed = seedOf();
const TABLES = ['job', 'office', 'tag', 'unit', ...FEATURE_TABLES.filter((table) => table !== 'shelf_tool')];

/** Runs SQL below TypeORM, and gives what it selects. */
type Run = (sql: string) => Promise<readonly unknown[]>;

export type Company = Awaited<ReturnType<typeof openCompany>>;

/** The same rows twice: behind a scoped data source, and behind one that nothing limits. */
export async function openCompany({ version, database }: (typeof settings)[number]) {
  // The two versions have the same surface here and no common types.
  const library = version === '1.x' ? typeorm : (typeorm03 as unknown as typeof typeorm);
  const context = new TenantContext();
  const stops: (() => Promise<unknown>)[] = [];
  const open = async () => {
    const postgres = database === 'PostgreSQL' ? await createDatabase(inject('postgresUrl')) : null;
    const source = new library.DataSource({
      ...(postgres
        ? { type: 'postgres', url: postgres.url, installExtensions: false }
        : { type: 'sqljs', driver: await initSqlJs() }),
      entities: schemasOf(library, database),
      synchronize: true,
      cache: true,
    } as unknown as typeorm.DataSourceOptions);
    await source.initialize();
    stops.push(async () => {
      if (source.isInitialized) await source.destroy();
      await postgres?.stop();
    });
    const { driver } = source as unknown as { driver: Readonly<Record<'master' | 'databaseConnection', Connection>> };
    const run: Run = postgres
      ? async (sql) => [(await driver.master.query(sql)).rows ?? []].flat()
      : async (sql) => driver.databaseConnection.exec(sql).flatMap(({ values }) => values);
    return { source, run };
  };
  const [scoped, bare] = [await open(), await open()];
  tenantScoped(scoped.source, { context });
  const store = ({ run }: { readonly run: Run }) => ({
    reset: () => run(seed),
    /** A tenant's rows, from outside. */
    rowsOf: ({ id, slug }: Tenant) =>
      Promise.all([
        ...TABLES.map((table) => run(`SELECT * FROM "${table}" WHERE "tenantId" = '${id}' ORDER BY "id"`)),
        run(`SELECT * FROM "job_tag" WHERE "jobId" LIKE '${slug}%' ORDER BY 1, 2`),
      ]),
  });
  return {
    version,
    database,
    context,
    scoped: { ...sideOf(library, scoped.source), ...store(scoped) },
    bare: { ...sideOf(library, bare.source), ...store(bare) },
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

interface Connection {
  query(sql: string): Promise<{ readonly rows?: readonly unknown[] }>;
  exec(sql: string): readonly { readonly values: readonly unknown[] }[];
}

function sideOf(library: typeof typeorm, source: typeorm.DataSource): Side {
  return {
    source,
    manager: source.manager,
    jobs: source.getRepository(Job),
    offices: source.getRepository(Office),
    units: source.getTreeRepository(Unit),
    inherited: new library.TreeRepository(Job, source.manager),
    typeorm: library,
  };
}

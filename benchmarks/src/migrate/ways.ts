import {
  eachDatabase,
  eachSchema,
  type MigrateOptions,
  migrate,
  type SqlMigration,
} from '@tenancy/postgres/migrations';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';

/** A database with a schema for each tenant. */
export interface Fleet {
  readonly url: string;
  readonly schemas: readonly string[];
}

/** A way to bring every schema of a fleet up to date. */
export type Way = (fleet: Fleet, migrations: readonly SqlMigration[]) => Promise<unknown>;

const optionsOf = ({ url, schemas }: Fleet, migrations: readonly SqlMigration[]) => ({
  connection: url,
  migrations: { read: async () => migrations },
  targets: eachSchema({ tenants: schemas.map((id) => ({ id, slug: id })), name: ({ id }) => id }),
});

export const ours =
  (options: Partial<MigrateOptions> = {}): Way =>
  (fleet, migrations) =>
    migrate({ ...optionsOf(fleet, migrations), ...options });

/** A database for each tenant, by its name. */
export const oursInDatabases: Way = ({ url, schemas }, migrations) =>
  migrate({
    migrations: { read: async () => migrations },
    targets: eachDatabase({
      tenants: schemas.map((id) => ({ id, slug: id })),
      connection: ({ id }) => Object.assign(new URL(url), { pathname: id }).href,
    }),
  });

/** A loop as one writes it first: a connection for each tenant, a transaction for each migration, a ledger in each schema. */
export const loop: Way = async ({ url, schemas }, migrations) => {
  for (const schema of schemas) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`set search_path to ${pg.escapeIdentifier(schema)}`);
      await client.query('create table if not exists migration (name text primary key)');
      const { rows } = await client.query<{ name: string }>('select name from migration');
      const applied = new Set(rows.map(({ name }) => name));
      for (const { name, sql } of migrations.filter((migration) => !applied.has(migration.name))) {
        await client.query('begin');
        await client.query(sql);
        await client.query('insert into migration values ($1)', [name]);
        await client.query('commit');
      }
    } finally {
      await client.end();
    }
  }
};

/** TypeORM's own migrations, with a data source for each tenant. */
export const typeormEach: Way = async ({ url, schemas }, migrations) => {
  const classes = migrations.map(({ name, sql }, index) => classOf(`${name}${1_700_000_000_000 + index}`, sql));
  for (const schema of schemas) {
    const source = new DataSource({
      type: 'postgres',
      url,
      schema,
      migrations: classes,
      extra: { options: `-c search_path=${schema}`, max: 1 },
    });
    await source.initialize();
    try {
      await source.runMigrations({ transaction: 'each' });
    } finally {
      await source.destroy();
    }
  }
};

function classOf(name: string, sql: string): new () => MigrationInterface {
  return class {
    readonly name = name;
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(sql);
    }
    async down(): Promise<void> {}
  };
}

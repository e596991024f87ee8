import { DataSource, type DataSourceOptions, type MigrationInterface, type QueryRunner } from 'typeorm';
import { misconfigured } from '../errors/misconfigured.js';

/** A migration as `@tenancy/postgres/migrations` runs it. */
export interface TypeormMigration {
  /** Its name, with TypeORM's timestamp at the end. */
  readonly name: string;
  /** Runs `up` on a connection of `pg` whose transaction is open. */
  run(client: object): Promise<void>;
}

/** The classes of TypeORM's migrations, for the option `migrations` of `migrate` in `@tenancy/postgres/migrations`. */
export interface TypeormMigrationSource {
  /** All of them, in the order of their timestamps. */
  read(): Promise<readonly TypeormMigration[]>;
}

/**
 * Lets `migrate` of `@tenancy/postgres/migrations` run classes of TypeORM in the schema or the database of each tenant: each runs with a data
 * source of its own on the run's connection, in whose transaction it is, and is remembered by its name.
 *
 * @param migrations - the classes, as `migrations` of a data source has them, or a module that exports them
 * @throws TenantScopeError `scope_misconfigured` for what is no class of a migration, a name without a timestamp, two with the same
 * name, and one with `transaction = false`, which could not be taken back.
 *
 * @example
 * ```ts
 * import { migrate } from '@tenancy/postgres/migrations';
 * import { typeormMigrations } from '@tenancy/typeorm/migrations';
 * import type { MigrationInterface, QueryRunner } from 'typeorm';
 *
 * class CreateJob1700000000000 implements MigrationInterface {
 *   async up(runner: QueryRunner) {
 *     await runner.query('create table job (id int primary key)');
 *   }
 *   async down() {}
 * }
 *
 * await migrate({ connection: 'postgres://localhost/app', migrations: typeormMigrations([CreateJob1700000000000]) });
 * ```
 */
export function typeormMigrations(
  migrations: readonly (new () => MigrationInterface)[] | Readonly<Record<string, unknown>>,
): TypeormMigrationSource {
  if (typeof migrations !== 'object' || migrations === null) {
    throw misconfigured('typeormMigrations: pass a list of classes, or a module that exports them.');
  }
  const found = Object.values(migrations).map(loaded);
  const names = new Set<string>();
  for (const { name } of found) {
    if (names.has(name))
      throw misconfigured(`typeormMigrations: there are two migrations ${name}. Rename one of them.`);
    names.add(name);
  }
  const ordered = found.sort((one, other) => one.timestamp - other.timestamp);
  return {
    read: async () => ordered.map(({ name, up }) => ({ name, run: (client) => runWith(client, up) })),
  };
}

interface Loaded {
  readonly name: string;
  readonly timestamp: number;
  up(runner: QueryRunner): Promise<unknown>;
}

function loaded(given: unknown): Loaded {
  const migration = typeof given === 'function' ? new (given as new () => MigrationInterface)() : undefined;
  if (typeof migration?.up !== 'function') {
    throw misconfigured('typeormMigrations: there is something among them that is no class with `up`. Leave it out.');
  }
  const name = migration.name ?? (given as { readonly name: string }).name;
  // TypeORM reads it from there, too.
  const timestamp = Number(/\d{13}$/.exec(name)?.[0]);
  if (Number.isNaN(timestamp)) {
    throw misconfigured(
      `typeormMigrations: the name ${name} does not end in a timestamp of 13 digits, by which TypeORM orders migrations. Add it.`,
    );
  }
  if (migration.transaction === false) {
    throw misconfigured(
      `typeormMigrations: ${name} asks for no transaction, so it could not be taken back when it fails half way. ` +
        'Write it as SQL, which is divided into steps.',
    );
  }
  return { name, timestamp, up: (runner) => migration.up(runner) };
}

/** A data source for each run: it remembers the schema that it first saw. */
async function runWith(client: object, up: Loaded['up']): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    driver: driverOf(client),
    installExtensions: false,
  } as DataSourceOptions);
  await source.initialize();
  try {
    const runner = source.createQueryRunner();
    // A transaction that a migration begins is a savepoint in ours.
    Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
    await up(runner);
  } finally {
    await source.destroy();
  }
}

/** As much of `pg` as TypeORM asks for, around one connection that is not its own to end. */
function driverOf(client: object): object {
  class Pool {
    on(): this {
      return this;
    }
    connect(done: (error: null, client: object, release: () => void) => void): void {
      done(null, client, () => {});
    }
    end(done: () => void): void {
      done();
    }
  }
  return { Pool };
}

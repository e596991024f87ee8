import { AsyncLocalStorage } from 'node:async_hooks';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { floorOf } from '../floor.js';
import { asSystem, type DataSourceScope, lookAtColumns, scopeOf } from '../scope/data-source-scope.js';
import type { DataSource } from '../typeorm-internals.js';

const SCHEMA_WORK = ['synchronize', 'dropDatabase', 'runMigrations', 'undoLastMigration', 'showMigrations'] as const;

type SchemaWork = Record<(typeof SCHEMA_WORK)[number], (...args: unknown[]) => Promise<unknown>>;

/**
 * T12: work on the schema runs as the system, outside of tenants alone; also what the options `synchronize`, `dropSchema` and
 * `migrationsRun` ask for while the data source is initialised.
 */
export function guardSchemaWork(source: DataSource, context: DataSourceScope['context']): void {
  const work = source as DataSource & SchemaWork;
  for (const name of SCHEMA_WORK) {
    const original = work[name];
    work[name] = async (...args) => {
      if (context.isActive()) {
        throw refused(
          `\`${name}\` works on every tenant's tables, and was called inside a tenant's context. Call it outside of any.`,
        );
      }
      if (floorOf(source)) {
        throw refused(
          `\`${name}\` belongs to no tenant, and this data source's pool runs every query as one. Use a data source of its own, ` +
            "which connects as the owner of the tables; or `migrate` of @tenancy/postgres/migrations, for each tenant's schema or database.",
        );
      }
      const scope = scopeOf(source);
      const run = () => Reflect.apply(original, source, args);
      if (!scope) return run();
      try {
        return await asSystem(scope, run);
      } finally {
        lookAtColumns(scope, source.options.type);
      }
    };
  }
}

const initializing = new AsyncLocalStorage<DataSource>();

/**
 * TypeORM says that a data source is initialised before it knows the entities, without which nothing can be scoped. Until then it
 * is the initialisation's own.
 *
 * @returns what runs an initialisation.
 */
export function refuseUntilScoped(source: DataSource): <R>(initialize: () => Promise<R>) => Promise<R> {
  const { driver } = source;
  const { createQueryRunner } = driver;
  let running = 0;
  driver.createQueryRunner = (mode) => {
    if (running > 0 && initializing.getStore() !== source) {
      throw refused('the data source is being initialised. Await `initialize()` before it is used.');
    }
    return Reflect.apply(createQueryRunner, driver, [mode]);
  };
  return async (initialize) => {
    running += 1;
    try {
      return await initializing.run(source, initialize);
    } finally {
      running -= 1;
    }
  };
}

function refused(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_refused', explanation);
}

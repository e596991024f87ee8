import type { TenantContext } from '@tenancy/core';
import { type ClassifyEntitiesOptions, classOf } from './classification/classify-entities.js';
import type { DataSourceLike, EntityMetadataLike } from './classification/entity-metadata.js';
import { TenantScopeError } from './errors/tenant-scope-error.js';
import { asSystem, type DataSourceScope, register, unregister } from './scope/data-source-scope.js';
import { scopeQueryBuilders } from './scope/query-builders.js';
import { gate } from './scope/query-gate.js';
import { scopeResultCache } from './scope/result-cache.js';
import { checkTables, checkTenantColumn, holdsNumbers } from './scope/tenant-column.js';
import type { Column, DataSource, Metadata } from './scope/typeorm.js';
import { holdWholeDatabase, type WholeDatabaseDriver } from './scope/whole-database.js';

export interface TenantScopedOptions extends ClassifyEntitiesOptions {
  /** Where the current tenant comes from. */
  readonly context: Pick<TenantContext, 'tenantId' | 'isActive'>;
}

const TENANT_POOL = Symbol.for('@tenancy/postgres:tenant-pool');
const COMPARES_BYTES = new Set(['postgres', 'cockroachdb', 'sqlite', 'better-sqlite3', 'sqljs', 'expo', 'capacitor']);
const SCHEMA_WORK = ['synchronize', 'dropDatabase', 'runMigrations', 'undoLastMigration', 'showMigrations'] as const;

/**
 * Holds a data source to the tenant of the context, below its repositories, managers and query builders: each statement it
 * generates is limited to the tenant, and what it did not generate is refused. Call it before `initialize()`, or after.
 * Other data sources are not touched, and `destroy()` undoes it.
 *
 * Where the data source's pool is a tenant pool of @tenancy/postgres, the database holds raw SQL as well, which is
 * therefore allowed.
 *
 * @returns the same data source.
 * @throws `scope_misconfigured`, and what `classifyEntities` throws; before `initialize()`, that rejects with it.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { tenantScoped } from '@tenancy/typeorm';
 * import { DataSource, EntitySchema } from 'typeorm';
 *
 * const id = { type: String, primary: true } as const;
 * const Job = new EntitySchema({ name: 'Job', columns: { id, tenantId: { type: String } } });
 * const url = 'postgres://localhost/app';
 *
 * const context = new TenantContext();
 * const dataSource = tenantScoped(new DataSource({ type: 'postgres', url, entities: [Job] }), { context });
 * await dataSource.initialize();
 * const jobs = await context.run({ id: 't_acme', slug: 'acme' }, () => dataSource.getRepository(Job).find());
 * ```
 */
export function tenantScoped<Source extends DataSourceLike>(dataSource: Source, options: TenantScopedOptions): Source {
  const { context, ...classification } = options ?? {};
  if (typeof context?.isActive !== 'function') {
    throw misconfigured('the option `context` is missing. Pass a TenantContext.');
  }
  const source = dataSource as unknown as Source & DataSource & SchemaWork;
  if (scoped.has(source)) throw misconfigured('this data source is scoped already.');
  scoped.add(source);
  const { initialize, destroy } = source;
  let unscope = () => {};
  // Whenever it is initialised it is scoped, also when it was destroyed in between.
  source.initialize = async () => {
    await Reflect.apply(initialize, source, []);
    try {
      unscope = enforce(source, context, classification);
    } catch (error) {
      await Reflect.apply(destroy, source, []);
      throw error;
    }
    return source;
  };
  source.destroy = async () => {
    await Reflect.apply(destroy, source, []);
    unscope();
  };
  if (source.isInitialized) unscope = enforce(source, context, classification);
  return dataSource;
}

type SchemaWork = Record<(typeof SCHEMA_WORK)[number], (...args: unknown[]) => Promise<unknown>>;

const scoped = new WeakSet<object>();

/** Puts everything in place for an initialised data source. What it returns undoes it. */
function enforce(
  source: DataSourceLike & DataSource & SchemaWork,
  context: TenantScopedOptions['context'],
  classification: ClassifyEntitiesOptions,
): () => void {
  const { driver, queryResultCache } = source;
  const floor = isTenantPool(driver.master) ? driver.master : null;
  const classes = classified(source, classification, floor);
  const scope: DataSourceScope = {
    context,
    hasFloor: floor !== null,
    comparesBytes: COMPARES_BYTES.has(source.options.type),
    ...classes,
    hasNumbers: floor === null && [...classes.tenantColumns.values()].some((column) => holdsNumbers(column, source)),
  };
  const undo = [scopeQueryBuilders(source)];
  const replace = <Of extends object, Name extends keyof Of>(of: Of, name: Name, by: Of[Name]) => {
    const own = Object.getOwnPropertyDescriptor(of, name);
    of[name] = by;
    undo.push(() => {
      delete of[name];
      if (own) Object.defineProperty(of, name, own);
    });
  };
  register(source, scope);
  undo.push(() => unregister(source));
  const { createQueryRunner } = driver;
  replace(driver, 'createQueryRunner', (mode) => gate(Reflect.apply(createQueryRunner, driver, [mode]), scope));
  if (queryResultCache) undo.push(scopeResultCache(queryResultCache, scope));
  const { setOptions } = source;
  replace(source, 'setOptions', (changed) => {
    // T11: it would make a cache that knows of no tenant.
    if ('cache' in changed)
      throw refused('the cache of a scoped data source cannot be replaced. Name it before `initialize()`.');
    return Reflect.apply(setOptions, source, [changed]);
  });
  const whole = driver as WholeDatabaseDriver;
  holdWholeDatabase(whole, scope, (name, by) => replace(whole, name, by));
  for (const name of SCHEMA_WORK) {
    const original = source[name];
    replace(source, name, async (...args) => {
      if (context.isActive()) {
        throw refused(
          `\`${name}\` works on every tenant’s tables, and was called inside a tenant’s context. Call it outside of any.`,
        );
      }
      if (floor) {
        throw refused(
          `\`${name}\` belongs to no tenant, and this data source’s pool runs every query as one. Use a data source of its own, ` +
            'which connects as the owner of the tables; or `migrate` of @tenancy/postgres, for each tenant’s schema or database.',
        );
      }
      return asSystem(scope, () => Reflect.apply(original, source, args));
    });
  }
  return () => {
    for (const each of undo.splice(0).reverse()) each();
  };
}

function classified(
  source: DataSourceLike & DataSource,
  options: ClassifyEntitiesOptions,
  floor: TenantPoolLike | null,
): Pick<DataSourceScope, 'tenantColumns' | 'unlimited'> {
  const isSeparate = floor?.strategy === 'schema-per-tenant' || floor?.strategy === 'database-per-tenant';
  const tenantColumns = new Map<Metadata, Column>();
  const unlimited = new Set<Metadata>();
  for (const [entity, of] of classOf(source as ClassifiedSource, options, isSeparate)) {
    if (floor === null) checkTree(entity);
    if (floor === null && typeof of === 'object') checkTenantColumn(entity, of as Column);
    // P27: SQL that names a schema does not follow the tenant.
    if (floor?.strategy === 'schema-per-tenant' && of !== 'shared') checkUnqualified(entity);
    if (typeof of === 'object') tenantColumns.set(entity, of as Column);
    else unlimited.add(entity);
  }
  if (floor === null) checkTables(tenantColumns.keys(), unlimited);
  return { tenantColumns, unlimited };
}

function checkTree({ name, treeType }: Metadata): void {
  if (treeType !== 'nested-set' && treeType !== 'closure-table') return;
  throw misconfigured(
    `${name} is a tree of the kind ${treeType}, which TypeORM keeps with SQL over every tenant’s rows. ` +
      'Use `materialized-path` or `adjacency-list`, or put the floor of @tenancy/postgres below the data source.',
  );
}

function checkUnqualified({ name, schema }: Metadata): void {
  if (schema === undefined) return;
  throw misconfigured(
    `${name} is in the schema ${JSON.stringify(schema)}, and each tenant has its tables in a schema of its own. Leave \`schema\` out of ` +
      `the entity and of the data source’s options; or name ${name} in shared, if all tenants use that table.`,
  );
}

type ClassifiedSource = DataSourceLike & { readonly entityMetadatas: readonly (Metadata & EntityMetadataLike)[] };

interface TenantPoolLike {
  readonly strategy: string;
}

function isTenantPool(value: unknown): value is TenantPoolLike {
  return typeof value === 'object' && value !== null && TENANT_POOL in value;
}

function refused(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_refused', explanation);
}

function misconfigured(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_misconfigured', `tenantScoped: ${explanation}`);
}

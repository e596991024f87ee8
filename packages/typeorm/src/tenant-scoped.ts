import type { TenantPoolLike } from '@tenancy/core/adapter';
import { misconfigured } from './errors/misconfigured.js';
import { TenantScopeError } from './errors/tenant-scope-error.js';
import { floorOf } from './floor.js';
import { refuseUnknown, requireConnection } from './options.js';
import { scopeQueryBuilders } from './patches/query-builders.js';
import { gateQueryRunners } from './patches/query-gate.js';
import { scopeResultCache } from './patches/result-cache.js';
import { guardSchemaWork, refuseUntilScoped } from './patches/schema-work.js';
import { holdWholeDatabase, type WholeDatabaseDriver } from './patches/whole-database.js';
import { type ClassifyEntitiesOptions, classOf, type EntityClass } from './schema/classify-entities.js';
import type { DataSourceLike, EntityMetadataLike } from './schema/entity-metadata.js';
import { declaredComparison } from './scope/compared-bytes.js';
import { endsOf } from './scope/conditions.js';
import {
  asSystem,
  type DataSourceScope,
  lookAtColumns,
  register,
  scopeOf,
  unregister,
} from './scope/data-source-scope.js';
import { checkTables, checkTenantColumn, holdsNumbers } from './scope/tenant-column.js';
import { callableFunctions } from './sql/calls.js';
import { SCOPE_OPTIONS, type TenantScopedOptions } from './tenant-scoped-options.js';
import type { Column, DataSource, Metadata } from './typeorm-internals.js';
import { withSharedRows } from './writes/shared-rows.js';
import { stampRows } from './writes/stamped-rows.js';

const MYSQL = /^(?:mysql|mariadb|aurora-mysql)$/;
const SQLITE = /^(?:sqlite|better-sqlite3|sqljs|expo|capacitor|cordova|nativescript|react-native)$/;
/**
 * Holds a data source to the tenant of the context, below its repositories, managers and query builders: each statement it
 * generates is limited to the tenant, and what it did not generate is refused. Call it before `initialize()`, or after.
 * Other data sources are not touched, and `destroy()` undoes it.
 *
 * If the data source's pool is a tenant pool of @tenancy/postgres, the database holds raw SQL as well, which is
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
  const { context, ...others } = options ?? {};
  if (typeof context?.isActive !== 'function') {
    throw misconfigured('tenantScoped: the option `context` is missing. Pass a TenantContext.');
  }
  refuseUnknown('tenantScoped', options, ['context', ...SCOPE_OPTIONS]);
  const source = dataSource as unknown as Source & DataSource;
  requireConnection('tenantScoped', source.options);
  if (scoped.has(source)) throw misconfigured('tenantScoped: this data source is scoped already.');
  scoped.add(source);
  const { initialize, destroy } = source;
  guardSchemaWork(source, context);
  const initializing = refuseUntilScoped(source);
  let unscope = () => {};
  // Whenever it is initialised it is scoped, also when it was destroyed in between.
  source.initialize = () =>
    initializing(async () => {
      await Reflect.apply(initialize, source, []);
      try {
        unscope = enforce(source, context, others);
        await lookNow(source);
      } catch (error) {
        await Reflect.apply(destroy, source, []);
        throw error;
      }
      return source;
    });
  source.destroy = async () => {
    await Reflect.apply(destroy, source, []);
    unscope();
  };
  if (source.isInitialized) unscope = enforce(source, context, others);
  return dataSource;
}

const scoped = new WeakSet<object>();

/** Puts everything in place for an initialised data source. What it returns undoes it. */
function enforce(
  source: DataSourceLike & DataSource,
  context: TenantScopedOptions['context'],
  { allowedFunctions = [], sharedRows = [], ...classification }: Omit<TenantScopedOptions, 'context'>,
): () => void {
  const { driver, queryResultCache } = source;
  const { type } = source.options;
  const floor = floorOf(source);
  const classes = classified(source, classification, floor);
  const scope: DataSourceScope = {
    context,
    hasFloor: floor !== null,
    comparison: declaredComparison(type, classes.tenantColumns),
    rules: {
      functions: callableFunctions(type, allowedFunctions),
      hasHashComments: MYSQL.test(type),
      hasTablesBehindIn: SQLITE.test(type),
    },
    hasDual: MYSQL.test(type) || type === 'oracle',
    ...classes,
    withSharedRows: withSharedRows(source, sharedRows, classes.tenantColumns),
    hasNumbers: floor === null && [...classes.tenantColumns.values()].some((column) => holdsNumbers(column, source)),
  };
  if (floor === null) lookAtColumns(scope, type);
  const undo = [
    scopeQueryBuilders(source),
    ...[...classes.tenantColumns.values()].map((column) => stampRows(column, scope)),
  ];
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
  undo.push(gateQueryRunners(source));
  if (queryResultCache) undo.push(scopeResultCache(queryResultCache, scope));
  const { setOptions } = source;
  replace(source, 'setOptions', (changed) => {
    // T11: it would make a cache that knows of no tenant.
    if ('cache' in changed)
      throw new TenantScopeError(
        'scope_refused',
        'the cache of a scoped data source cannot be replaced. Name it before `initialize()`.',
      );
    return Reflect.apply(setOptions, source, [changed]);
  });
  const whole = driver as WholeDatabaseDriver;
  holdWholeDatabase(whole, scope, (name, by) => replace(whole, name, by));
  return () => {
    for (const each of undo.splice(0).reverse()) each();
  };
}

/** The first query waits for it, where the data source was initialised before it was scoped. */
async function lookNow(source: DataSource): Promise<void> {
  const scope = scopeOf(source);
  if (!scope?.look) return;
  const runner = source.createQueryRunner();
  try {
    await asSystem(scope, async () => scope.look?.((sql, parameters) => runner.query(sql, parameters)));
  } finally {
    await runner.release();
  }
}

function classified(
  source: DataSourceLike & DataSource,
  options: ClassifyEntitiesOptions,
  floor: TenantPoolLike | null,
): Pick<DataSourceScope, 'tenantColumns' | 'unlimited'> {
  const isSeparate = floor?.strategy === 'schema-per-tenant' || floor?.strategy === 'database-per-tenant';
  const tenantColumns = new Map<Metadata, Column>();
  const unlimited = new Set<Metadata>();
  const classes = classOf(source as ClassifiedSource, options, isSeparate);
  for (const [entity, of] of classes) {
    if (floor === null) checkTree(entity);
    if (floor === null && typeof of === 'object') checkTenantColumn(entity, of as Column);
    if (typeof of === 'object') tenantColumns.set(entity, of as Column);
    else unlimited.add(entity);
  }
  if (floor === null) checkTables(tenantColumns.keys(), unlimited);
  if (floor?.strategy === 'schema-per-tenant') {
    for (const entity of source.entityMetadatas) if (!isShared(entity, classes)) checkUnqualified(entity);
  }
  return { tenantColumns, unlimited };
}

/** A join table is, when both its ends are. */
function isShared(entity: Metadata, classes: ReadonlyMap<Metadata, EntityClass>): boolean {
  const ends = classes.has(entity) ? [entity] : endsOf(entity).map(([end]) => end);
  return ends.length > 0 && ends.every((end) => classes.get(end) === 'shared');
}

function checkTree({ name, treeType }: Metadata): void {
  if (treeType !== 'nested-set' && treeType !== 'closure-table') return;
  throw misconfigured(
    `tenantScoped: ${name} is a tree of the kind ${treeType}, which TypeORM keeps with SQL over every tenant's rows. ` +
      'Use `materialized-path` or `adjacency-list`, or put the floor of @tenancy/postgres below the data source.',
  );
}

/** P27: SQL that names a schema does not follow the tenant. `@Entity('acme.job')` names one too. */
function checkUnqualified({ name, tablePath }: Metadata): void {
  if (!tablePath.includes('.')) return;
  throw misconfigured(
    `tenantScoped: ${name} is the table ${tablePath}, in a schema that it names, and each tenant has its tables in a schema of its own. Leave the ` +
      `schema out of the entity, its join table and the data source's options; or name ${name} in shared, if all tenants use that table.`,
  );
}

type ClassifiedSource = DataSourceLike & { readonly entityMetadatas: readonly (Metadata & EntityMetadataLike)[] };

import type { TenantContext } from '@tenancy/core';
import { type ClassifyEntitiesOptions, classifyEntities } from './classification/classify-entities.js';
import type { DataSourceLike } from './classification/entity-metadata.js';
import { TenantScopeError } from './errors/tenant-scope-error.js';
import { asSystem, type DataSourceScope, register, scopeOf, unregister } from './scope/data-source-scope.js';
import { scopeQueryBuilders } from './scope/query-builders.js';
import { gate } from './scope/query-gate.js';
import { scopeResultCache } from './scope/result-cache.js';
import type { DataSource } from './scope/typeorm.js';

export interface TenantScopedOptions extends ClassifyEntitiesOptions {
  /** Where the current tenant comes from. */
  readonly context: Pick<TenantContext, 'tenantId' | 'isActive'>;
}

const TENANT_POOL = Symbol.for('@tenancy/postgres:tenant-pool');
const COMPARES_BYTES = new Set(['postgres', 'cockroachdb', 'sqlite', 'better-sqlite3', 'sqljs', 'expo', 'capacitor']);
const SYSTEM = ['synchronize', 'dropDatabase', 'runMigrations', 'undoLastMigration', 'showMigrations'] as const;

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
  const source = dataSource as unknown as DataSource & Record<(typeof SYSTEM)[number], () => Promise<unknown>>;
  if (scopeOf(source)) throw misconfigured('this data source is scoped already.');
  const scope: DataSourceScope = {
    context,
    hasFloor: false,
    comparesBytes: COMPARES_BYTES.has(source.options.type),
    tenantColumns: new Map(),
    shared: new Set(),
  };
  const undo: (() => void)[] = [];
  const unscope = () => {
    for (const each of undo.splice(0).reverse()) each();
  };
  const replace = <Of extends object>(of: Of, name: keyof Of, by: unknown) => {
    const own = Object.getOwnPropertyDescriptor(of, name);
    Object.defineProperty(of, name, { value: by, configurable: true, writable: true });
    undo.push(() => {
      delete of[name];
      if (own) Object.defineProperty(of, name, own);
    });
  };

  const { initialize, destroy } = source;
  const { createQueryRunner } = source.driver;
  register(source, scope);
  undo.push(() => unregister(source));
  undo.push(scopeQueryBuilders(source));
  replace(source.driver, 'createQueryRunner', (mode: string) =>
    gate(Reflect.apply(createQueryRunner, source.driver, [mode]), scope),
  );
  for (const name of SYSTEM) {
    const original = source[name];
    replace(source, name, async (...args: unknown[]) => {
      if (!source.isInitialized || isInitializing) return asSystem(scope, () => Reflect.apply(original, source, args));
      if (!context.isActive()) return asSystem(scope, () => Reflect.apply(original, source, args));
      throw new TenantScopeError(
        'scope_refused',
        `\`${name}\` works on every tenant’s tables, and was called inside a tenant’s context. Call it outside of any.`,
      );
    });
  }
  let isInitializing = false;
  const classify = () => {
    scope.hasFloor = isTenantPool(source.driver.master);
    learn(dataSource, classification, source, scope);
    if (source.queryResultCache) undo.push(scopeResultCache(source.queryResultCache, scope));
  };
  replace(source, 'initialize', async () => {
    isInitializing = true;
    try {
      await asSystem(scope, () => Reflect.apply(initialize, source, []));
    } finally {
      isInitializing = false;
    }
    try {
      classify();
    } catch (error) {
      await Reflect.apply(destroy, source, []);
      throw error;
    }
    return source;
  });
  replace(source, 'destroy', async () => {
    await asSystem(scope, () => Reflect.apply(destroy, source, []));
    unscope();
  });
  if (source.isInitialized) {
    try {
      classify();
    } catch (error) {
      unscope();
      throw error;
    }
  }
  return dataSource;
}

function learn(
  dataSource: DataSourceLike,
  options: ClassifyEntitiesOptions,
  source: DataSource,
  { hasFloor, tenantColumns, shared }: DataSourceScope,
): void {
  const { tenantOwned } = classifyEntities(dataSource, options);
  const { tenantProperty = 'tenantId' } = options;
  for (const metadata of source.entityMetadatas) {
    if (metadata.tableType === 'junction' || metadata.tableType === 'closure-junction') continue;
    if (!hasFloor && (metadata.treeType === 'nested-set' || metadata.treeType === 'closure-table')) {
      throw misconfigured(
        `${metadata.name} is a tree of the kind ${metadata.treeType}, which TypeORM keeps with SQL over every tenant’s rows. ` +
          'Use `materialized-path` or `adjacency-list`, or put the floor of @tenancy/postgres below the data source.',
      );
    }
    const column = metadata.columns.find(({ propertyPath }) => propertyPath === tenantProperty);
    if (column && tenantOwned.includes(metadata.name)) tenantColumns.set(metadata, column);
    else shared.add(metadata);
  }
}

function isTenantPool(value: unknown): boolean {
  return typeof value === 'object' && value !== null && TENANT_POOL in value;
}

function misconfigured(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_misconfigured', `tenantScoped: ${explanation}`);
}

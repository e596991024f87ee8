import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenantContext } from '@tenancy/core';
import { isUsableTenantId } from '@tenancy/core/adapter';
import { misconfigured } from '../errors/misconfigured.js';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { StatementRules } from '../sql/statement.js';
import type { Builder, Column, DataSource, Metadata } from '../typeorm-internals.js';
import { actualComparison, type Comparison, DISTINCT_IDS, declaredComparison } from './compared-bytes.js';

/** A registered data source, and how it is held to its tenant. */
export interface DataSourceScope {
  readonly context: Pick<TenantContext, 'tenantId' | 'isActive'> & {
    /** Of an admin's data source: whether the work in hand is about every tenant's rows. */
    readonly isAcrossTenants?: () => boolean;
  };
  /** True when the database itself holds every query to its tenant. */
  readonly hasFloor: boolean;
  /** How the database compares tenants' ids: as it is declared, until it was looked at. */
  comparison: Comparison;
  /** Looks at it, before the first query that needs to know. */
  look?: ((query: (sql: string, parameters?: unknown[]) => Promise<unknown>) => Promise<void>) | undefined;
  /** The rules for SQL in its statements. */
  readonly rules: StatementRules;
  /** True when the database reads `FROM DUAL` as from nothing. */
  readonly hasDual: boolean;
  /** True when a tenant column holds numbers, to which texts such as 7, 07 and 7.0 may be equal. */
  readonly hasNumbers: boolean;
  /** Each entity that belongs to tenants, and the column that says to which. */
  readonly tenantColumns: ReadonlyMap<Metadata, Column>;
  /** Those of them whose rows without a tenant each tenant may read. */
  readonly withSharedRows: ReadonlySet<Metadata>;
  /** Entities that no condition limits: shared by all tenants, or with a table for each tenant. */
  readonly unlimited: ReadonlySet<Metadata>;
}

/** T17: nothing but these is touched, whatever else the process has. */
const scopes = new WeakMap<object, DataSourceScope>();

export function register(dataSource: DataSource, scope: DataSourceScope): void {
  scopes.set(dataSource, scope);
}

export function unregister(dataSource: DataSource): void {
  scopes.delete(dataSource);
}

export function scopeOf(dataSource: object | undefined): DataSourceScope | undefined {
  return dataSource && scopes.get(dataSource);
}

/** Has the columns looked at before the next query: at the start, and after work on the schema. */
export function lookAtColumns(scope: DataSourceScope, type: string): void {
  const columns = scope.tenantColumns;
  if (columns.size === 0) return;
  scope.look = async (query) => {
    // What cannot be asked is as it is declared.
    const actual = await actualComparison(type, columns, query).catch(() => undefined);
    scope.comparison = actual ?? declaredComparison(type, columns);
    scope.look = undefined;
  };
}

const system = new AsyncLocalStorage<DataSourceScope>();

/** Runs TypeORM's own work on the schema and on its cache, which belongs to no tenant. */
export function asSystem<R>(scope: DataSourceScope, work: () => R): R {
  return system.run(scope, work);
}

export function isSystem(scope: DataSourceScope): boolean {
  return system.getStore() === scope || scope.context.isAcrossTenants?.() === true;
}

/** The scope that a builder is held to, or null where it is held to none. */
export function scopeOfBuilder(builder: Builder): DataSourceScope | null {
  const scope = scopeOf(builder.dataSource ?? builder.connection);
  return scope && !isSystem(scope) ? scope : null;
}

/**
 * T16: asserted before any SQL is built, because a tenant that is not there would ask for every tenant's rows.
 *
 * @throws `tenant_context_missing` outside any tenant's context.
 */
export function tenantIdOf({ context, comparison, hasNumbers }: DataSourceScope): string {
  const { tenantId } = context;
  if (!isUsableTenantId(tenantId)) {
    throw misconfigured('the `context` has no usable tenant id. Pass a TenantContext.');
  }
  if (hasNumbers && !/^(?:0|[1-9]\d{0,18})$/.test(tenantId)) {
    throw new TenantScopeError(
      'scope_refused',
      "a tenant column holds numbers, and the tenant's id is not written as one, so that the ids of two tenants could be one to the " +
        'database. Use ids such as 7, without a sign or leading zeros, or make the column a text.',
    );
  }
  if (!DISTINCT_IDS[comparison].test(tenantId)) {
    throw new TenantScopeError(
      'scope_refused',
      'this database, or the type or collation of a tenant column, may take two texts for equal that differ in upper and lower case, in ' +
        'accents or in spaces at the end, so the ids of two tenants could be one to it. Use tenant ids of lower-case letters a to z, ' +
        `digits${comparison === 'letters' ? ', - and _' : ''}; or a column that compares texts by their bytes.`,
    );
  }
  return tenantId;
}

import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { DataSourceScope } from './data-source-scope.js';
import type { Builder } from './typeorm.js';

const TARGETED = new Set([
  'postgres',
  'aurora-postgres',
  'cockroachdb',
  'sqlite',
  'better-sqlite3',
  'sqljs',
  'capacitor',
  'expo',
]);

/** T3: what is taken for the same row must be one of this tenant's, or its values would be overwritten. */
export function checkUpsert(builder: Builder, { tenantColumns }: DataSourceScope): void {
  const { mainAlias, onUpdate } = builder.expressionMap;
  if (!onUpdate || !mainAlias?.hasMetadata) return;
  const column = tenantColumns.get(mainAlias.metadata);
  if (!column) return;
  const conflict = [onUpdate.conflict ?? []].flat();
  const type = (builder.dataSource ?? builder.connection)?.options.type ?? '';
  if (TARGETED.has(type) && conflict.includes(column.databaseName)) return;
  throw new TenantScopeError(
    'scope_refused',
    TARGETED.has(type)
      ? `an upsert of ${mainAlias.metadata.name} might overwrite another tenant’s row, because its conflict target does not ` +
          `contain ${column.propertyPath}. Put the tenant into the unique key, and name it: upsert(rows, ['${column.propertyPath}', …]).`
      : 'this database overwrites whichever row has the same unique value, of any tenant. Look the row up, and save it.',
  );
}

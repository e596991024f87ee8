import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { DataSourceScope } from './data-source-scope.js';
import type { Builder } from './typeorm.js';

/** `save` and `remove` say nothing of a row that they read and then did not change: one that is everybody's. */
export function requireChange(builder: Builder, scope: DataSourceScope, write: () => unknown): unknown {
  const { mainAlias, callListeners } = builder.expressionMap;
  const isShared = mainAlias?.hasMetadata && scope.withSharedRows.has(mainAlias.metadata);
  if (!isShared || callListeners !== false) return write();
  return Promise.resolve(write() as Promise<{ readonly affected?: number | null }>).then((result) => {
    if (result.affected === 0) throw unchanged(`a row of ${mainAlias.metadata.name} was not changed`);
    return result;
  });
}

export function unchanged(what: string): TenantScopeError {
  return new TenantScopeError(
    'tenant_row_unavailable',
    `${what}, because it is not this tenant’s own. Rows without a tenant are everybody’s, and changed by an AdminDataSource alone.`,
  );
}

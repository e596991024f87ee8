import { EntityClassificationError } from '../errors/entity-classification-error.js';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { type EntityReference, nameOf, refersTo } from '../schema/entity-metadata.js';
import type { DataSourceScope } from '../scope/data-source-scope.js';
import type { Builder, Column, DataSource, Metadata } from '../typeorm-internals.js';

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
    `${what}, because it is not this tenant's own. Rows without a tenant are everybody's, and changed by an AdminDataSource alone.`,
  );
}

/**
 * The entities some of whose rows have no tenant, and are everybody's.
 *
 * @throws `shared_invalid` for what cannot have a row without a tenant.
 */
export function withSharedRows(
  { entityMetadatas }: DataSource,
  references: readonly EntityReference[],
  tenantColumns: ReadonlyMap<Metadata, Column>,
): ReadonlySet<Metadata> {
  for (const reference of references) {
    const entity = entityMetadatas.find((each) => refersTo(reference, each));
    if (entity && tenantColumns.get(entity)?.isNullable) continue;
    throw new EntityClassificationError(
      'shared_invalid',
      `sharedRows names ${nameOf(reference)}, which ${
        entity ? 'has no tenant property that may be null' : 'is no entity of this data source'
      }. ${entity ? 'Make that property `nullable: true`, or remove the name.' : 'Correct or remove it.'}`,
    );
  }
  return new Set(entityMetadatas.filter((entity) => references.some((reference) => refersTo(reference, entity))));
}

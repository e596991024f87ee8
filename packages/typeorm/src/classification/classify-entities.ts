import { EntityClassificationError } from './entity-classification-error.js';
import {
  type DataSourceLike,
  type EntityMetadataLike,
  type EntityReference,
  nameOf,
  refersTo,
} from './entity-metadata.js';

export interface ClassifyEntitiesOptions {
  /**
   * The entities without the tenant property, whose rows belong to no tenant.
   * @defaultValue `[]`
   */
  readonly shared?: readonly EntityReference[];
  /**
   * The property that holds the tenant's id. In an embedded class, with a dot: `owner.tenantId`.
   * @defaultValue `'tenantId'`
   */
  readonly tenantProperty?: string;
}

/** Every entity of a data source, by name, each in one list. */
export interface EntityClassification {
  readonly tenantOwned: readonly string[];
  readonly shared: readonly string[];
  /** Tables TypeORM makes for many-to-many relations and closure trees. They cannot hold the tenant. */
  readonly joinTables: readonly string[];
}

/**
 * Checks that every entity of an initialised data source either has the tenant property or is named in `shared`.
 * It changes nothing: no query is scoped by it.
 *
 * @throws `entity_unclassified` for an entity that is neither, `shared_invalid` for a wrong name in `shared`,
 * `data_source_not_initialized` before `initialize()`.
 *
 * @example
 * ```ts
 * import { classifyEntities } from '@tenancy/typeorm';
 * import { DataSource, EntitySchema } from 'typeorm';
 *
 * const id = { type: String, primary: true } as const;
 * const Job = new EntitySchema({ name: 'Job', columns: { id, tenantId: { type: String } } });
 * const Country = new EntitySchema({ name: 'Country', columns: { id } });
 *
 * const url = 'postgres://localhost/app';
 * const dataSource = await new DataSource({ type: 'postgres', url, entities: [Job, Country] }).initialize();
 * classifyEntities(dataSource, { shared: [Country] }); // { tenantOwned: ['Job'], shared: ['Country'], joinTables: [] }
 * ```
 */
export function classifyEntities(
  dataSource: DataSourceLike,
  options: ClassifyEntitiesOptions = {},
): EntityClassification {
  const { shared = [], tenantProperty = 'tenantId' } = options;
  if (dataSource.isInitialized !== true) {
    throw new EntityClassificationError(
      'data_source_not_initialized',
      'the data source has no metadata yet. Call it after `await dataSource.initialize()`.',
    );
  }
  const isJoinTable = ({ tableType }: EntityMetadataLike) =>
    tableType === 'junction' || tableType === 'closure-junction';
  const entities = dataSource.entityMetadatas.filter((entity) => !isJoinTable(entity));
  for (const reference of shared) checkShared(reference, entities, tenantProperty);
  const isOwned = (entity: EntityMetadataLike) => isTenantOwned(entity, tenantProperty, shared);
  return {
    tenantOwned: namesOf(entities.filter(isOwned)),
    shared: namesOf(entities.filter((entity) => !isOwned(entity))),
    joinTables: namesOf(dataSource.entityMetadatas.filter(isJoinTable)),
  };
}

function isTenantOwned(
  entity: EntityMetadataLike,
  tenantProperty: string,
  shared: readonly EntityReference[],
): boolean {
  const column = tenantColumn(entity, tenantProperty);
  if (!column) {
    if (shared.some((reference) => refersTo(reference, entity))) return false;
    throw new EntityClassificationError(
      'entity_unclassified',
      `the entity ${entity.name} has no property ${tenantProperty} and is not named in shared. ` +
        `Add a column ${tenantProperty} if its rows belong to tenants, or add ${entity.name} to shared if they do not.`,
    );
  }
  if (column.isVirtualProperty) {
    throw new EntityClassificationError(
      'entity_unclassified',
      `${entity.name}.${tenantProperty} is computed, so no row can be created with a tenant. ` +
        'Make it a plain column that holds the tenant’s id.',
    );
  }
  return true;
}

function checkShared(
  reference: EntityReference,
  entities: readonly EntityMetadataLike[],
  tenantProperty: string,
): void {
  const [entity, another] = entities.filter((each) => refersTo(reference, each));
  if (!entity) {
    throw new EntityClassificationError(
      'shared_invalid',
      `shared names ${nameOf(reference)}, which is no entity of this data source. Correct or remove it.`,
    );
  }
  if (another) {
    throw new EntityClassificationError(
      'shared_invalid',
      `shared names ${nameOf(reference)}, and several entities have that name. Name the class itself.`,
    );
  }
  if (tenantColumn(entity, tenantProperty)) {
    throw new EntityClassificationError(
      'shared_invalid',
      `shared names ${entity.name}, which has the property ${tenantProperty} and so belongs to tenants. ` +
        'Remove it from shared.',
    );
  }
}

function tenantColumn({ columns }: EntityMetadataLike, tenantProperty: string) {
  return columns.find(({ propertyPath }) => propertyPath === tenantProperty);
}

function namesOf(entities: readonly EntityMetadataLike[]): readonly string[] {
  return entities.map(({ name }) => name);
}

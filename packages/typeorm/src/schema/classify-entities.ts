import { EntityClassificationError } from '../errors/entity-classification-error.js';
import { refuseUnknown } from '../options.js';
import {
  type ColumnMetadataLike,
  type DataSourceLike,
  type EntityMetadataLike,
  type EntityReference,
  nameOf,
  refersTo,
} from './entity-metadata.js';
import { isTenantColumn } from './tenant-column.decorator.js';

/** Options of {@link classifyEntities}. */
export interface ClassifyEntitiesOptions {
  /**
   * The entities without the tenant property, whose rows belong to no tenant.
   * @defaultValue `[]`
   */
  readonly shared?: readonly EntityReference[];
  /**
   * The property that holds the tenant's id, of entities that do not declare it with `@TenantColumn()`. In an embedded class,
   * with a dot: `owner.tenantId`.
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
 * @throws `entity_unclassified` for an entity that is neither, or has two tenant properties; `shared_invalid` for a wrong name in
 * `shared`; `data_source_not_initialized` before `initialize()`; `scope_misconfigured` for an unknown option.
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
  refuseUnknown('classifyEntities', options, ['shared', 'tenantProperty']);
  const classes = [...classOf(dataSource, options)];
  const namesOf = (wanted: (of: EntityClass) => boolean) =>
    classes.filter(([, of]) => wanted(of)).map(([{ name }]) => name);
  return {
    tenantOwned: namesOf((of) => typeof of === 'object'),
    shared: namesOf((of) => of === 'shared'),
    joinTables: dataSource.entityMetadatas.filter(isJoinTable).map(({ name }) => name),
  };
}

/** The column that holds the tenant, or why there is none: shared by all, or in a schema or database of one tenant. */
export type EntityClass = ColumnMetadataLike | 'shared' | 'separate';

/**
 * The class of each entity, join tables left out.
 *
 * @param isSeparate - whether each tenant has tables of its own, so that no entity needs the tenant property.
 * @throws as {@link classifyEntities}.
 */
export function classOf<Entity extends EntityMetadataLike>(
  { isInitialized, entityMetadatas }: { readonly isInitialized: boolean; readonly entityMetadatas: readonly Entity[] },
  { shared = [], tenantProperty = 'tenantId' }: ClassifyEntitiesOptions,
  isSeparate = false,
): ReadonlyMap<Entity, EntityClass> {
  if (isInitialized !== true) {
    throw new EntityClassificationError(
      'data_source_not_initialized',
      'the data source has no metadata yet. Call it after `await dataSource.initialize()`.',
    );
  }
  const entities = entityMetadatas.filter((entity) => !isJoinTable(entity));
  for (const reference of shared) checkShared(reference, entities, tenantProperty);
  const classes = new Map<Entity, EntityClass>();
  const nobodys: Entity[] = [];
  for (const entity of entities) {
    const column = tenantColumn(entity, tenantProperty);
    const isShared = shared.some((reference) => refersTo(reference, entity));
    if (!column && !isShared && !isSeparate) nobodys.push(entity);
    classes.set(entity, column ? checkedColumn(entity, column) : isShared ? 'shared' : 'separate');
  }
  if (nobodys.length > 0) throw unclassified(nobodys, tenantProperty);
  return classes;
}

function unclassified(entities: readonly EntityMetadataLike[], tenantProperty: string): EntityClassificationError {
  const names = entities.map(({ name }) => name);
  const last = names.at(-1);
  const [what, to] =
    names.length === 1
      ? [`the entity ${last} has no property ${tenantProperty} and is not named in shared. `, `${last} to shared`]
      : [
          `the entities ${names.slice(0, -1).join(', ')} and ${last} have no property ${tenantProperty} and are not named in shared. For each: `,
          'it to shared',
        ];
  return new EntityClassificationError(
    'entity_unclassified',
    `${what}Add a column ${tenantProperty}, or \`@TenantColumn()\` to the one it has, if its rows belong to tenants; \`@TenantColumn()\` to ` +
      `its key, if they are the tenants; or add ${to} if they do not. If each tenant has tables of its own, use one data source over a ` +
      'pool of @tenancy/postgres with `schemaPerTenant()` or `databasePerTenant()`, and none for each tenant.',
  );
}

function isJoinTable({ tableType }: EntityMetadataLike): boolean {
  return tableType === 'junction' || tableType === 'closure-junction';
}

function checkedColumn(entity: EntityMetadataLike, column: ColumnMetadataLike): ColumnMetadataLike {
  if (!column.isVirtualProperty) return column;
  throw new EntityClassificationError(
    'entity_unclassified',
    `${entity.name}.${column.propertyPath} is computed, so no row can be created with a tenant. ` +
      "Make it a plain column that holds the tenant's id.",
  );
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
  const column = tenantColumn(entity, tenantProperty);
  if (column) {
    throw new EntityClassificationError(
      'shared_invalid',
      `shared names ${entity.name}, which has the property ${column.propertyPath} and so belongs to tenants. ` +
        'Remove it from shared.',
    );
  }
}

/** The one that `@TenantColumn()` declares, or else the one of that name. */
function tenantColumn(entity: EntityMetadataLike, tenantProperty: string): ColumnMetadataLike | undefined {
  const named = entity.columns.filter(({ propertyPath }) => propertyPath === tenantProperty);
  const candidates = [...new Set([...entity.columns.filter(isTenantColumn), ...named])];
  if (candidates.length > 1) {
    const names = candidates.map(({ propertyPath }) => propertyPath).join(' and ');
    throw new EntityClassificationError(
      'entity_unclassified',
      `the entity ${entity.name} has two tenant properties, ${names}, and nobody knows which one holds. Keep one \`@TenantColumn()\`.`,
    );
  }
  return candidates[0];
}

import type { ColumnLike, DataSourceLike, MetadataLike, RelationLike } from './data-source-like.js';

/** An entity, prepared for making operations. What is embedded is read, and not asked for. */
export interface TypeormEntity {
  readonly name: string;
  readonly target: unknown;
  readonly primary: readonly string[];
  readonly tenantProperty: string | null;
  readonly columns: readonly TypeormColumn[];
  readonly relations: readonly TypeormRelation[];
  /** The properties of each unique key. */
  readonly uniques: readonly (readonly string[])[];
  readonly hasDeleteDate: boolean;
}

export interface TypeormColumn {
  readonly property: string;
  readonly column: string;
  readonly isPrimary: boolean;
  readonly isGenerated: boolean;
  readonly isNullable: boolean;
  /** True when a row is given it, and not by TypeORM itself. */
  readonly isGiven: boolean;
  /** True when it is a part of a foreign key too. */
  readonly isForeign: boolean;
}

export interface TypeormRelation {
  readonly property: string;
  readonly to: string;
  readonly isMany: boolean;
  readonly isNullable: boolean;
  /** The foreign key, on the side that holds it: by properties where it has some. */
  readonly key: readonly { readonly property: string | null; readonly references: string }[];
}

export function typeormEntities(
  { entityMetadatas }: DataSourceLike,
  tenantFields: readonly string[],
): ReadonlyMap<string, TypeormEntity> {
  const usable = entityMetadatas.filter(({ tableType }) => tableType === 'regular' || tableType === 'entity-child');
  return new Map(usable.map((metadata) => [metadata.name, entityOf(metadata, usable, tenantFields)]));
}

function entityOf(
  metadata: MetadataLike,
  usable: readonly MetadataLike[],
  tenantFields: readonly string[],
): TypeormEntity {
  const { name, target, columns, relations, uniques, indices } = metadata;
  const foreign = new Set(relations.flatMap(({ joinColumns }) => joinColumns));
  const real = columns.filter(
    (column) =>
      !column.embeddedMetadata &&
      !column.isVirtual &&
      !column.isVirtualProperty &&
      !column.isDiscriminator &&
      column.isSelect &&
      relations.every(({ propertyName }) => propertyName !== column.propertyName),
  );
  const keys = [...uniques, ...indices.filter(({ isUnique }) => isUnique)];
  return {
    name,
    target,
    primary: real.filter(({ isPrimary }) => isPrimary).map(({ propertyName }) => propertyName),
    tenantProperty: tenantFields.find((each) => real.some(({ propertyName }) => propertyName === each)) ?? null,
    columns: real.map((column) => columnOf(column, foreign)),
    relations: relations
      .filter((each) => !each.embeddedMetadata && usable.includes(each.inverseEntityMetadata))
      .map((each) => relationOf(each, real)),
    uniques: keys.map((key) => key.columns.map(({ propertyName }) => propertyName)),
    hasDeleteDate: columns.some(({ isDeleteDate }) => isDeleteDate),
  };
}

function columnOf(column: ColumnLike, foreign: ReadonlySet<ColumnLike>): TypeormColumn {
  const { propertyName, databaseName, isPrimary, isGenerated, isNullable, isInsert, isUpdate } = column;
  const { isCreateDate, isUpdateDate, isDeleteDate, isVersion } = column;
  return {
    property: propertyName,
    column: databaseName,
    isPrimary,
    isGenerated,
    isNullable,
    isGiven: isInsert && isUpdate && !isCreateDate && !isUpdateDate && !isDeleteDate && !isVersion,
    isForeign: foreign.has(column),
  };
}

function relationOf(relation: RelationLike, real: readonly ColumnLike[]): TypeormRelation {
  const { propertyName, isOneToMany, isManyToMany, isNullable, joinColumns, inverseEntityMetadata } = relation;
  return {
    property: propertyName,
    to: inverseEntityMetadata.name,
    isMany: isOneToMany || isManyToMany,
    isNullable,
    key: isManyToMany
      ? []
      : joinColumns.flatMap((column) =>
          column.referencedColumn
            ? [
                {
                  property: real.includes(column) ? column.propertyName : null,
                  references: column.referencedColumn.propertyName,
                },
              ]
            : [],
        ),
  };
}

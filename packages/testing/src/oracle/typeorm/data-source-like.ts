/** The part of a TypeORM data source that is used: the one that 0.3 and 1.x have in common. */
export interface DataSourceLike {
  readonly isInitialized: boolean;
  readonly entityMetadatas: readonly MetadataLike[];
  initialize(): Promise<unknown>;
  getRepository(target: unknown): object;
}

export interface MetadataLike {
  readonly name: string;
  readonly target: unknown;
  readonly tableType: string;
  readonly columns: readonly ColumnLike[];
  readonly relations: readonly RelationLike[];
  readonly uniques: readonly { readonly columns: readonly ColumnLike[] }[];
  readonly indices: readonly { readonly isUnique: boolean; readonly columns: readonly ColumnLike[] }[];
}

export interface ColumnLike {
  readonly propertyName: string;
  readonly propertyPath: string;
  readonly databaseName: string;
  readonly isPrimary: boolean;
  readonly isGenerated: boolean;
  readonly isNullable: boolean;
  readonly isInsert: boolean;
  readonly isUpdate: boolean;
  readonly isSelect: boolean;
  readonly isVirtual: boolean;
  readonly isVirtualProperty: boolean;
  readonly isDiscriminator: boolean;
  readonly isCreateDate: boolean;
  readonly isUpdateDate: boolean;
  readonly isDeleteDate: boolean;
  readonly isVersion: boolean;
  readonly embeddedMetadata?: unknown;
  readonly referencedColumn?: ColumnLike;
}

export interface RelationLike {
  readonly propertyName: string;
  readonly propertyPath: string;
  readonly isOneToMany: boolean;
  readonly isManyToMany: boolean;
  readonly isNullable: boolean;
  readonly joinColumns: readonly ColumnLike[];
  readonly embeddedMetadata?: unknown;
  readonly inverseEntityMetadata: MetadataLike;
}

export function isDataSource(client: object): client is DataSourceLike {
  return 'entityMetadatas' in client && Array.isArray(client.entityMetadatas);
}

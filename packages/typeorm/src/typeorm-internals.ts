/** The members used of TypeORM: the part that 0.3 and 1.x have in common, private methods included. */

export interface Column {
  readonly isPrimary: boolean;
  readonly propertyPath: string;
  readonly databaseName: string;
  readonly isVirtualProperty: boolean;
  readonly isGenerated: boolean;
  readonly generationStrategy?: string;
  readonly isInsert: boolean;
  readonly isUpdate: boolean;
  readonly isNullable: boolean;
  readonly default?: unknown;
  readonly generatedType?: string;
  readonly type?: unknown;
  readonly collation?: string;
  readonly transformer?: unknown;
  readonly relationMetadata?: { readonly propertyPath: string };
  readonly referencedColumn?: Column;
  readonly entityMetadata: Metadata;
  getEntityValue: (entity: object, transform?: boolean) => unknown;
  getEntityValueMap: (entity: object, options?: object) => object | undefined;
  setEntityValue: (entity: object, value: unknown) => void;
  createValueMap(value: unknown): object;
}

export interface Relation {
  readonly propertyName: string;
  readonly propertyPath: string;
  readonly isWithJoinColumn: boolean;
  readonly joinColumns: readonly Column[];
  readonly inverseEntityMetadata: Metadata;
}

export interface Metadata {
  readonly name: string;
  readonly target: unknown;
  readonly tableName: string;
  readonly tablePath: string;
  readonly tableType: string;
  readonly schema?: string;
  readonly treeType?: string;
  readonly parentEntityMetadata?: Metadata;
  readonly columns: readonly Column[];
  readonly primaryColumns: readonly Column[];
  readonly uniques: readonly { readonly name?: string; readonly columns: readonly Column[] }[];
  readonly indices: readonly {
    readonly name?: string;
    readonly columns: readonly Column[];
    readonly isUnique: boolean;
    readonly where?: string;
  }[];
  readonly relations: readonly Relation[];
  readonly foreignKeys: readonly { readonly columns: readonly Column[]; readonly deferrable?: string }[];
  readonly ownerColumns: readonly Column[];
  readonly inverseColumns: readonly Column[];
}

export interface Alias {
  readonly name: string;
  readonly type: string;
  readonly hasMetadata: boolean;
  readonly metadata: Metadata;
  readonly tablePath?: string;
  readonly subQuery?: string;
}

export interface Join {
  readonly alias: Alias;
  readonly tablePath?: string;
  condition?: string | undefined;
}

export interface ExpressionMap {
  readonly queryType: string;
  readonly mainAlias?: Alias;
  readonly aliases: readonly Alias[];
  readonly joinAttributes: readonly Join[];
  readonly aliasNamePrefixingEnabled: boolean;
  readonly commonTableExpressions: readonly { readonly alias: string }[];
  readonly insertFromSelect?: unknown;
  readonly onIgnore: unknown;
  /** Of 0.3: raw SQL. */
  readonly onConflict?: string;
  readonly onUpdate?: OnUpdate;
  readonly callListeners?: boolean;
  insertColumns?: string[];
  valuesSet?: object | readonly object[] | null;
  extraAppendedAndWhereCondition?: string;
}

export interface OnUpdate {
  columns?: readonly string[];
  overwrite?: readonly string[];
  readonly conflict?: string | readonly string[];
  readonly indexPredicate?: string;
  readonly upsertType?: string;
  overwriteCondition?: readonly object[] | undefined;
}

export interface Builder {
  readonly dataSource?: DataSource;
  readonly connection?: DataSource;
  queryRunner?: QueryRunner | undefined;
  readonly expressionMap: ExpressionMap;
  readonly alias: string;
  getMainTableName(): string;
  getTableName(tablePath: string): string;
  createUpsertConditionExpression?: unknown;
  escape(name: string): string;
  replacePropertyNamesForTheWholeQuery(statement: string): string;
}

export interface QueryRunner {
  readonly dataSource?: DataSource;
  readonly connection?: DataSource;
  readonly isTransactionActive: boolean;
  query: (sql: string, parameters?: unknown, ...rest: unknown[]) => Promise<unknown>;
  connect?: () => Promise<unknown>;
  stream?: (sql: string, parameters?: unknown, ...rest: unknown[]) => Promise<unknown>;
  release(): Promise<void>;
  startTransaction(): Promise<void>;
  commitTransaction(): Promise<void>;
  rollbackTransaction(): Promise<void>;
}

export interface ResultCache {
  getFromCache(options: CacheEntry, runner?: unknown): Promise<unknown>;
  storeInCache(options: CacheEntry, saved: unknown, runner?: unknown): Promise<unknown>;
  remove(identifiers: string[], runner?: unknown): Promise<unknown>;
}

export interface CacheEntry {
  readonly identifier?: string;
  readonly query?: string;
}

export interface DataSource {
  readonly isInitialized: boolean;
  readonly entityMetadatas: readonly Metadata[];
  readonly options: { readonly type: string };
  readonly driver: {
    createQueryRunner: (mode: string) => QueryRunner;
    readonly master?: unknown;
    readonly supportedUpsertTypes: readonly string[];
    normalizeType(column: Column): string;
    preparePersistentValue(value: unknown, column: Column): unknown;
  };
  readonly queryResultCache?: ResultCache;
  initialize: () => Promise<unknown>;
  destroy: () => Promise<void>;
  createQueryBuilder(...args: unknown[]): object;
  createQueryRunner(): QueryRunner;
  setOptions: (options: object) => unknown;
}

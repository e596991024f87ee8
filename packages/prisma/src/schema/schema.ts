/** A Prisma schema, as far as the scope needs to know it. */
export interface Schema {
  /** `postgresql`, `sqlite`, `mysql`, `sqlserver` or `cockroachdb`. */
  readonly provider: string;
  /** False with `relationMode = "prisma"`: then the database has no foreign keys, and Prisma plays their part. */
  readonly hasForeignKeys: boolean;
  readonly models: ReadonlyMap<string, SchemaModel>;
}

export interface SchemaModel {
  readonly name: string;
  readonly fields: readonly SchemaField[];
  readonly keys: readonly SchemaKey[];
}

/** A key that identifies a row. */
export interface SchemaKey {
  /** Its name in a `where`. */
  readonly name: string;
  readonly fields: readonly string[];
}

export interface SchemaField {
  readonly name: string;
  readonly kind: 'scalar' | 'relation';
  /** The name of the scalar, the enum or the model. */
  readonly type: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly hasDefault: boolean;
  /** The database type behind `@db.`, such as `Citext`. */
  readonly nativeType: string | null;
  readonly relation: SchemaRelation | null;
}

export interface SchemaRelation {
  /** Shared by both ends. */
  readonly name: string;
  /** The foreign key, on the side that holds it; empty on the other side, and on both sides of an implicit many-to-many. */
  readonly fields: readonly string[];
  readonly references: readonly string[];
  /** The database's action on the row that holds the foreign key, as declared or Prisma's default; null on the other side. */
  readonly onDelete: ReferentialAction | null;
  readonly onUpdate: ReferentialAction | null;
}

export type ReferentialAction = 'Cascade' | 'Restrict' | 'NoAction' | 'SetNull' | 'SetDefault';

/** A schema that was made at random, as both ORMs and SQL are told of it. */
export interface RandomSchema {
  /** Beginning of its models' names, so that several schemas fit one database. */
  readonly prefix: string;
  readonly tenantField: string;
  readonly tenantColumn: string;
  /** In an order in which a key refers to earlier models only. */
  readonly models: readonly Model[];
  readonly relations: readonly Relation[];
  readonly links: readonly Link[];
  /** True when rows of a tenant refer to another tenant's, where no key forbids it. */
  readonly isPlanted: boolean;
  /** True when they do so by required relations too, and where the database then changes them by itself when the other's row changes. */
  readonly plantsWhatFollows: boolean;
}

/** The owner of its rows: a tenant, or everybody, who may then write to them or not. */
export type Ownership = 'tenant' | 'shared' | 'writable';

export interface Model {
  readonly name: string;
  readonly table: string;
  readonly ownership: Ownership;
  readonly fields: readonly Field[];
  /** The first is the primary key. */
  readonly keys: readonly Key[];
  /** TypeORM's default order of the entity. */
  readonly hasDefaultOrder: boolean;
}

export type FieldType =
  | 'String'
  | 'Int'
  | 'BigInt'
  | 'Float'
  | 'Decimal'
  | 'Boolean'
  | 'DateTime'
  | 'Json'
  | 'Bytes'
  | 'Uuid'
  | 'Enum';

export interface Field {
  readonly name: string;
  readonly column: string;
  readonly type: FieldType;
  readonly isRequired: boolean;
  /** A literal that the database puts in where nothing is given. */
  readonly default: string | number | boolean | null;
}

export interface Key {
  /** Its name in a `where`: the field, or the fields together, or a name of its own. */
  readonly name: string;
  readonly fields: readonly string[];
  readonly hasOwnName: boolean;
}

export type Action = 'Cascade' | 'Restrict' | 'NoAction' | 'SetNull';

/** A foreign key, and the fields at both ends. */
export interface Relation {
  readonly name: string;
  readonly holder: string;
  readonly field: string;
  readonly referred: string;
  readonly backField: string;
  readonly columns: readonly string[];
  readonly references: readonly string[];
  readonly isRequired: boolean;
  /** True when a row is referred to once at most. */
  readonly isOneToOne: boolean;
  readonly onDelete: Action;
  readonly onUpdate: Action;
  /** True when the actions are Prisma's defaults and are not written down. */
  readonly hasDefaultActions: boolean;
}

/** A many-to-many relation: `A` refers to the first end. */
export interface Link {
  readonly name: string;
  readonly table: string;
  readonly a: { readonly model: string; readonly field: string };
  readonly b: { readonly model: string; readonly field: string };
}

export function modelOf({ models }: RandomSchema, name: string): Model {
  const model = models.find((each) => each.name === name);
  if (!model) throw new Error(`no model ${name}`);
  return model;
}

export function fieldOf({ fields, name: model }: Model, name: string): Field {
  const field = fields.find((each) => each.name === name);
  if (!field) throw new Error(`no field ${model}.${name}`);
  return field;
}

export const primaryKey = ({ keys }: Model): Key => keys[0] as Key;

/** True when the foreign key has the tenant at both ends, so that it cannot name another tenant's row. */
export function comparesTenant({ tenantField }: RandomSchema, { columns, references }: Relation): boolean {
  return columns.some((column, index) => column === tenantField && references[index] === tenantField);
}

/** True when the key is the tenant itself: the tenants' own table is referred to. */
export function isOfTheTenant({ tenantField }: RandomSchema, { columns }: Relation): boolean {
  return columns.length === 1 && columns[0] === tenantField;
}

/** A model, classified. Prepared once, at construction. */
export interface ScopedModel {
  readonly name: string;
  /** The name of its delegate on the client. */
  readonly property: string;
  /** Null for a shared model. */
  readonly tenantField: string | null;
  /** The database type behind `@db.` of the tenant field, in lower case. */
  readonly tenantType: string | null;
  /** True when a tenant may write to it: always for a tenant's model. */
  readonly isWritable: boolean;
  /** True when the client leaves the tenant field out of every result (its own option `omit`). */
  readonly isTenantOmitted: boolean;
  readonly fields: ReadonlyMap<string, ScopedField>;
  /** The keys that identify a row, the primary key first. */
  readonly keys: readonly ScopedKey[];
  /** The back relations whose rows the database changes by itself when a row of this model is deleted. */
  readonly dependents: readonly ScopedRelation[];
}

export interface ScopedKey {
  /** Its name in a `where`. */
  readonly name: string;
  /** Its columns but for the tenant field. */
  readonly columns: readonly string[];
  /** True when it has several columns, of which the tenant field is one. */
  readonly hasTenant: boolean;
}

export type ScopedField = ScopedScalar | ScopedRelation;

export interface ScopedScalar {
  readonly kind: 'scalar';
  readonly name: string;
  /** The name of the scalar or the enum. */
  readonly type: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  /** True when a new row that does not name it has null. */
  readonly isNullByDefault: boolean;
  /** The relations it is the foreign key of, or a part of it. */
  readonly keyOf: readonly ScopedRelation[];
  /** P15: those of them it is the foreign key of (or a part of it) without the tenant being compared. */
  readonly unchecked: readonly ScopedRelation[];
  /** The back relations whose foreign key follows it when it changes, where rows of other tenants may be among those that follow. */
  readonly followers: readonly ScopedRelation[];
  /** The unchecked relations of rows that follow it: a part of their foreign key would change with it, and the rest would not. */
  readonly disturbed: readonly Disturbed[];
}

export interface Disturbed {
  readonly relation: ScopedRelation;
  /** The part that changes. */
  readonly column: string;
}

export interface ScopedRelation {
  readonly kind: 'relation';
  readonly name: string;
  readonly of: ScopedModel;
  readonly to: ScopedModel;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly isManyToMany: boolean;
  /** True when the foreign key is on this side. */
  readonly holdsKey: boolean;
  /** The foreign key and what it refers to, whichever side holds it. */
  readonly key: { readonly fields: readonly string[]; readonly references: readonly string[] };
  /**
   * True when the foreign key contains the tenant at both ends. Rows of such a relation always belong to the same tenant,
   * because the relation itself compares it.
   */
  readonly comparesTenant: boolean;
  /** True when the foreign key contains the tenant field of the side that holds it. */
  readonly keyHasTenant: boolean;
  /** True when deleting the row it refers to deletes the row that holds the key. */
  readonly cascades: boolean;
  /** True when the foreign key changes with the key that it refers to. */
  readonly follows: boolean;
  /** The same relation from the other side. */
  readonly inverse: ScopedRelation;
}

/** True when rows of several tenants may be reached through it, so that a condition is due. */
export function mayLeaveTenant({ to, comparesTenant }: ScopedRelation): boolean {
  return to.tenantField !== null && !comparesTenant;
}

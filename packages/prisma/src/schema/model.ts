/** A field as the scope sees it. */
export interface ScopedField {
  readonly kind: 'scalar' | 'relation';
  /** For a scalar that names a row of a tenant's model without the database comparing the tenant: that relation. */
  readonly uncheckedRelation: string | null;
}

/** A model, classified. Prepared once, at construction. */
export interface ScopedModel {
  readonly name: string;
  /** Null for a shared model. */
  readonly tenantField: string | null;
  readonly fields: ReadonlyMap<string, ScopedField>;
}

/** The three ways in which a tenant's rows are kept: beside those of others, in a schema, or in a database of its own. */
export type PlaceKind = 'rows' | 'schema' | 'database';

/** The home of a tenant's data. The directory keeps it with the tenant, so that neither another slug nor another default moves it. */
export interface TenantPlace {
  /** A name of `servers`, of `placedIsolation` and of `tenantPlaces`. */
  readonly server: string;
  readonly kind: PlaceKind;
  /** The schema's or the database's name; null for rows. */
  readonly name: string | null;
}

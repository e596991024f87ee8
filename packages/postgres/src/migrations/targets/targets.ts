import type { Tenant } from '@tenancy/core';
import type { ClientConfig } from 'pg';

/** Tenants as a list, as a stream, or as a registry that lists them. */
export type Tenants =
  | Iterable<Tenant>
  | AsyncIterable<Tenant>
  | { list?: (() => AsyncIterable<Tenant> | Iterable<Tenant>) | undefined };

/** The targets of a run of migrations, as `eachSchema` and `eachDatabase` make them. */
export type MigrationTargets = SchemaTargets | DatabaseTargets;

/** The schemas of tenants in one database. */
export interface SchemaTargets {
  readonly kind: 'schemas';
  readonly shared: readonly string[];
  /** The role that the application connects as, which each schema is opened to. */
  readonly role: string | null;
  /** All schemas that there are to migrate, at this moment. */
  list(): Promise<readonly SchemaTarget[]>;
}

/** A tenant's schema. */
export interface SchemaTarget {
  readonly tenant: string;
  readonly schema: string;
}

/** The databases of tenants. */
export interface DatabaseTargets {
  readonly kind: 'databases';
  /** All databases that there are to migrate, at this moment. */
  list(): Promise<readonly DatabaseTarget[]>;
}

/** A tenant's database. */
export interface DatabaseTarget {
  readonly tenant: string;
  /** How to connect to the database, asked for when its turn comes. */
  connection(): Promise<string | ClientConfig>;
}

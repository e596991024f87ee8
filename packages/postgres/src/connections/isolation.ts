import type { Tenant } from '@tenancy/core';
import type { Pool, PoolClient, PoolConfig } from 'pg';
import type { Finding, Queryable } from '../doctor/diagnosis/rule.js';

/** The place of a tenant's rows, and the settings that each of its queries is bound to. */
export interface Placement {
  /** PostgreSQL settings by name, set for the query alone: `[['app.tenant_id', 't_acme']]`. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** The name of the schema that holds the tenant's tables, where each tenant has one. */
  readonly schema?: string;
  /** True when the tables are this tenant's alone, so that emptying one empties nobody else's. */
  readonly ownsTables: boolean;
  /**
   * Checks out a connection to the tenant's own database. Without it the connection comes from the pool itself.
   * `createPool` makes a pool whose connections can be bound; `options` are those of the pool that asks.
   */
  readonly connect?: (createPool: (config: PoolConfig) => Pool, options?: PoolConfig) => Promise<PoolClient>;
  /** The replicas that the same rows may be read from. Without it they are read where they are written. */
  readonly replicated?: ReplicatedPlace | undefined;
}

/** The replicas of the server that a place is on. */
export interface ReplicatedPlace {
  /** A key of the server: how far it is, is known by it. */
  readonly server: string;
  /** A key of the database on it: what is known of its replicas is known by both. */
  readonly home: string;
  /** The server as the log of the process calls it, where there are several. */
  readonly title?: string;
  /** A database of the server, which is asked how far its log is written; without it, a connection that `connect` checks out. */
  readonly primary?: PoolConfig;
  readonly replicas: readonly (string | PoolConfig)[];
  /** The name of the database that the place is in; `options` are those of the pool that asks. */
  readonly database: (options: PoolConfig) => string | Promise<string>;
  /** As `verify` of {@link Isolation}, for each replica; without it none is examined. */
  readonly verify?: ((connection: Queryable) => Promise<readonly Finding[]>) | undefined;
}

/** A way to keep tenants apart in PostgreSQL. */
export interface Isolation {
  readonly strategy: 'row-level-security' | 'schema-per-tenant' | 'database-per-tenant' | 'by-tenant';
  /** The setting that carries the tenant's id. */
  readonly setting: string;
  /** How many callers wait for a database to be opened for them. */
  readonly waitingCount?: number;
  /**
   * The schema, database and setting that a tenant's queries run in.
   * @throws `tenant_unplaceable` when this tenant cannot be given a place of its own.
   */
  place(tenant: Tenant): Placement;
  /** Finds what keeps the database behind `connection`, which is the application's own, from holding tenants apart. */
  verify?(connection: Queryable): Promise<readonly Finding[]>;
  /** Closes what the strategy opened; called by the pool's own `end()`. */
  end?(): Promise<void>;
}

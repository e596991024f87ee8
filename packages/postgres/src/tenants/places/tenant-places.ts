import type { Tenant } from '@tenancy/core';
import type { ClientConfig } from 'pg';
import { configFrom, inDatabase } from '../../databases/database-config.js';
import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireList, requireName, requireOptions, said } from '../../errors/require-arguments.js';
import { requireConnectionOption } from '../../errors/require-connection.js';
import { quotedSchema } from '../../isolation/schema-name.js';
import type { PlaceKind, TenantPlace } from '../../isolation/tenant-place.js';
import type { MigrationPolicies } from '../../migrations/run/migrate-options.js';
import type { MigrationSource } from '../../migrations/source/migration-source.js';
import { TenantsError } from '../tenants-error.js';

/** A server that tenants are on. */
export interface TenantServer {
  /**
   * Its database of those tenants that have none of their own, as a URL or as `pg` takes it, with a role that owns the tables. The
   * databases of single tenants are on the same host, by the same role.
   */
  readonly connection: string | ClientConfig;
}

/** Old migrations in one file. */
export interface PlaceBaseline {
  /** The file, of SQL that makes tables without naming a schema, as the migrations do. */
  readonly file: string | URL;
  /** The name of the last migration that is in it. */
  readonly upTo: string;
}

/** Options of {@link tenantPlaces}. */
export interface TenantPlacesOptions {
  /** The servers, by the names that the directory keeps. Most have one, `main`. */
  readonly servers: Readonly<Record<string, TenantServer>>;
  /** The role that the application connects as. */
  readonly role: string;
  /** The migrations that make the tables: a folder, or a source of them. They are the same for all three kinds of places. */
  readonly migrations: string | URL | MigrationSource;
  /**
   * SQL that makes at once what the migrations up to `upTo` make, that one included: a new schema or database is made by it and by the migrations
   * after it, in one transaction. With it old migrations may do what one transaction cannot.
   * @defaultValue the migrations themselves
   */
  readonly baseline?: PlaceBaseline;
  /**
   * Tables and policies as `migrate` takes them. They say which tables are a tenant's where rows of many stand side by side.
   * @defaultValue `{}`: the tables with a column `tenant_id`
   */
  readonly policies?: Omit<MigrationPolicies, 'role'>;
  /**
   * Schemas that everybody reads, as `eachSchema` has them.
   * @defaultValue `[]`
   */
  readonly shared?: readonly string[];
  /**
   * The name of a new schema of a tenant.
   * @defaultValue `` (tenant) => `tenant_${tenant.id}` ``
   */
  readonly schema?: (tenant: Tenant) => string;
  /**
   * The name of a new database of a tenant.
   * @defaultValue `` (tenant) => `tenant_${tenant.id}` ``
   */
  readonly database?: (tenant: Tenant) => string;
}

/** Servers, and how tenants are kept on them: what provisioning, moving and deleting need to know. */
export interface TenantPlaces extends Required<Omit<TenantPlacesOptions, 'policies' | 'baseline'>> {
  readonly baseline: PlaceBaseline | null;
  readonly policies: MigrationPolicies;
  /**
   * The place that a tenant would get on a server.
   *
   * @throws TenantsError `place_unknown` where there is no such server; TenantFloorError `tenant_unplaceable` for a name that is none.
   */
  placeFor(tenant: Tenant, at: { readonly server: string; readonly kind: PlaceKind }): TenantPlace;
  /**
   * The database of a place, by the role that owns its tables.
   *
   * @throws TenantsError `place_unknown`.
   */
  connectionTo(place: Pick<TenantPlace, 'server' | 'kind' | 'name'>): ClientConfig;
}

const KNOWN = ['servers', 'role', 'migrations', 'baseline', 'policies', 'shared', 'schema', 'database'];

/**
 * Describes the servers that tenants are on.
 *
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong.
 *
 * @example
 * ```ts
 * import { tenantPlaces } from '@tenancy/postgres/tenants';
 *
 * const places = tenantPlaces({
 *   servers: {
 *     main: { connection: process.env.ADMIN_DATABASE_URL ?? 'postgres://maintenance@localhost/app' },
 *     eu2: { connection: 'postgres://maintenance@eu2.internal/app' },
 *   },
 *   role: 'app',
 *   migrations: 'migrations',
 *   policies: { shared: ['country'] },
 * });
 * ```
 */
export function tenantPlaces(options: TenantPlacesOptions): TenantPlaces {
  requireOptions('tenantPlaces', options, 'servers');
  refuseUnknown('tenantPlaces', options, KNOWN);
  const named = ({ id }: Tenant) => `tenant_${id}`;
  const { servers, role, migrations, baseline, policies = {}, shared = [], schema = named, database = named } = options;
  requireOptions('tenantPlaces: servers', servers, 'main');
  if (Object.keys(servers).length === 0) {
    throw misconfigured('tenantPlaces: the option `servers` is empty, so no tenant has a place. Name one at least.');
  }
  requireName('tenantPlaces', 'role', role);
  requireOptions('tenantPlaces: policies', policies);
  const isSource = typeof migrations === 'object' && typeof (migrations as MigrationSource | null)?.read === 'function';
  if (!isSource && !(migrations instanceof URL) && (typeof migrations !== 'string' || migrations === '')) {
    throw misconfigured(
      `tenantPlaces: the option \`migrations\` is ${said(migrations)}. Pass the folder of the files, or a source such as \`sqlFiles\` makes.`,
    );
  }
  if (baseline !== undefined) requireBaseline(baseline);
  requireList('tenantPlaces', 'shared', shared);
  for (const [name, server] of Object.entries(servers)) {
    requireOptions(`tenantPlaces: the server ${JSON.stringify(name)}`, server, 'connection');
    refuseUnknown(`tenantPlaces: the server ${JSON.stringify(name)}`, server, ['connection']);
    requireConnectionOption(`tenantPlaces: the server ${JSON.stringify(name)}`, 'connection', server.connection);
  }
  for (const [name, value] of Object.entries({ schema, database })) {
    if (typeof value !== 'function')
      throw misconfigured(
        `tenantPlaces: the option \`${name}\` is ${said(value)}. Pass a function that answers with a name.`,
      );
  }
  const serverOf = (name: string): TenantServer => {
    const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
    if (server) return server;
    throw new TenantsError(
      'place_unknown',
      `there is no server ${JSON.stringify(name)}: \`servers\` of tenantPlaces has ${Object.keys(servers).join(', ')}. Nothing was done. Add it.`,
    );
  };
  return {
    servers,
    role,
    migrations,
    baseline: baseline ?? null,
    policies: { ...policies, role },
    shared,
    schema,
    database,
    placeFor(tenant, { server, kind }) {
      serverOf(server);
      if (kind === 'rows') return { server, kind, name: null };
      const name = kind === 'schema' ? schema(tenant) : database(tenant);
      // A database's name has the same bounds.
      quotedSchema(name, shared);
      return { server, kind, name };
    },
    connectionTo({ server, kind, name }) {
      const config = configFrom(serverOf(server).connection);
      return kind === 'database' ? inDatabase(config, name ?? '') : config;
    },
  };
}

function requireBaseline(baseline: PlaceBaseline): void {
  requireOptions('tenantPlaces: baseline', baseline, 'file');
  refuseUnknown('tenantPlaces: baseline', baseline, ['file', 'upTo']);
  if (!(baseline.file instanceof URL)) requireName('tenantPlaces: baseline', 'file', baseline.file);
  requireName('tenantPlaces: baseline', 'upTo', baseline.upTo);
}

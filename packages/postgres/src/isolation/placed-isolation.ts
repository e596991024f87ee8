import type { Tenant } from '@tenancy/core';
import type { PoolConfig } from 'pg';
import { BoundClient } from '../connections/bound-client.js';
import type { Isolation, Placement } from '../connections/isolation.js';
import type { StartChecks } from '../connections/start-check.js';
import { runStartChecks } from '../connections/start-checks.js';
import { configFrom, databaseOf, inDatabase } from '../databases/database-config.js';
import { DatabasePools } from '../databases/database-pools.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { type PlacedIsolationOptions, resolvePlacedIsolationOptions } from './placed-isolation-options.js';
import { quoted, quotedSchema } from './schema-name.js';
import type { TenantPlace } from './tenant-place.js';

/**
 * Each tenant where the directory says that it is: beside others, in a schema or in a database of its own, on one of several servers. A server
 * that is down fails the queries of its own tenants, and of nobody else.
 *
 * Before the first query of a tenant whose rows lie beside others', that server is examined as a pool examines its own; what is found there
 * refuses its tenants with `floor_unsafe`. A tenant that moves is found in its new place with the next query after the registry has told so.
 *
 * SQL that names a schema reads that one, wherever the tenant is: with `kind: 'schema'` tables are named without one.
 *
 * @throws TenantFloorError `floor_misconfigured` when an option is missing or wrong.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { createTenantPool, placedIsolation } from '@tenancy/postgres';
 *
 * const pool = createTenantPool({
 *   connectionString: process.env.DATABASE_URL,
 *   context: new TenantContext(),
 *   isolation: placedIsolation({
 *     servers: { main: process.env.DATABASE_URL ?? 'postgres://app@localhost/app', eu2: 'postgres://app@eu2.internal/app' },
 *     shared: ['country'],
 *   }),
 * });
 * ```
 */
export function placedIsolation(options: PlacedIsolationOptions): Isolation {
  const settings = resolvePlacedIsolationOptions(options);
  const { setting, servers, floor, sharedSchemas, maxConnectionsPerServer, maxConnectionsPerDatabase } = settings;
  const sharedPath = sharedSchemas.map((schema) => `, ${quoted(schema)}`).join('');
  const owners = new Map<string, string>();
  const examined = new Map<string, Promise<void>>();
  const configOf = ({ slug: server, database }: HomeOf): PoolConfig => {
    const home = configFrom(servers[server] as string | PoolConfig);
    return database === null ? home : { ...inDatabase(home, database), max: maxConnectionsPerDatabase };
  };
  const pools = new DatabasePools({
    connection: (home) => configOf(home as unknown as HomeOf),
    maxDatabases: settings.maxDatabases,
    maxConnectionsPerDatabase: undefined,
    idleTimeoutMillis: 60_000,
    acquireTimeoutMillis: CONNECT_TIMEOUT,
    setting,
  });
  const replicated = new Map(
    Object.entries(settings.replicas).map(([server, replicas]) => {
      const primary = configFrom(servers[server] as string | PoolConfig);
      return [server, { server, title: server, primary, replicas, shared: databaseOf(primary) }] as const;
    }),
  );
  const replicatedOn = (server: string, database: string | null, isShared: boolean) => {
    const known = replicated.get(server);
    if (!known) return {};
    const { shared, ...rest } = known;
    const home = database ?? shared;
    return { replicated: { ...rest, home, database: () => home, verify: isShared ? floor.verify : undefined } };
  };
  /** Rows of many are held apart by policies alone, so there the server is examined before anybody is let in. */
  const examine = (server: string): Promise<void> => {
    const known = examined.get(server);
    if (known) return known;
    const looking = examineServer(configFrom(servers[server] as string | PoolConfig), floor, settings.checks).catch(
      (error: unknown) => {
        examined.delete(server);
        throw error;
      },
    );
    examined.set(server, looking);
    return looking;
  };
  return {
    strategy: 'by-tenant',
    setting,
    get waitingCount() {
      return pools.waitingCount;
    },
    place(tenant): Placement {
      if (typeof tenant?.id !== 'string' || tenant.id === '') throw unplaceable('the tenant has no `id`');
      const { server, kind, name } = placeOf(settings.place, tenant, servers);
      const own = kind === 'rows' ? null : quotedSchema(name, sharedSchemas);
      if (own !== null) claim(owners, [server, kind, own].join('\0'), tenant.id);
      const database = kind === 'database' ? name : null;
      const home: HomeOf = {
        id: database === null ? `server ${server}` : `database ${server}\0${database}`,
        slug: server,
        database,
      };
      return {
        settings: [...(kind === 'schema' ? [['search_path', own + sharedPath] as const] : []), [setting, tenant.id]],
        ...(kind === 'schema' ? { schema: name as string } : {}),
        ownsTables: kind !== 'rows',
        ...replicatedOn(server, database, kind === 'rows'),
        connect: async (createPool, options = {}) => {
          if (kind === 'rows') await examine(server);
          const most = database === null ? { max: maxConnectionsPerServer ?? options.max ?? 10 } : {};
          return pools.connect(home, { createPool, options: { ...options, ...most } });
        },
      };
    },
    end: () => pools.end(),
  };
}

/** Milliseconds for a server to let a connection in, and for a slot to come free. */
const CONNECT_TIMEOUT = 5_000;

/** A database as the pools know it: by a key that several tenants share where they share the database. */
type HomeOf = Tenant & { readonly database: string | null };

function placeOf(
  place: (tenant: Tenant) => TenantPlace,
  tenant: Tenant,
  servers: PlacedIsolationOptions['servers'],
): TenantPlace {
  let said: TenantPlace | undefined;
  try {
    said = place(tenant);
  } catch (cause) {
    throw unplaceable('`place` threw for this tenant; see the cause', cause);
  }
  const { server, kind, name } = said ?? ({} as Partial<TenantPlace>);
  if (!['rows', 'schema', 'database'].includes(kind as string)) {
    throw unplaceable('the tenant has no place. Let the registry answer with `place`, or pass the option `place`');
  }
  if (typeof server !== 'string' || !Object.hasOwn(servers, server)) {
    throw unplaceable('its place names a server that `servers` does not have. Add the server');
  }
  if (kind !== 'rows' && (typeof name !== 'string' || name === '')) throw unplaceable('its place has no `name`');
  return { server, kind: kind as TenantPlace['kind'], name: name ?? null };
}

/** A schema or database is the first tenant's that was found there, for as long as the strategy lives. */
function claim(owners: Map<string, string>, key: string, tenantId: string): void {
  const owner = owners.get(key);
  if (owner === undefined) owners.set(key, tenantId);
  else if (owner !== tenantId)
    throw unplaceable('two tenants have the same schema or database, and the second is refused');
}

async function examineServer(config: PoolConfig, floor: Isolation, checks: StartChecks): Promise<void> {
  const client = new BoundClient({ connectionTimeoutMillis: CONNECT_TIMEOUT, ...config });
  client.on('error', () => {});
  try {
    await client.connect();
    await runStartChecks(client, floor, checks);
  } finally {
    await client.end().catch(() => {});
  }
}

function unplaceable(why: string, cause?: unknown): TenantFloorError {
  return new TenantFloorError(
    'tenant_unplaceable',
    `placedIsolation: ${why}.`,
    cause === undefined ? undefined : { cause },
  );
}

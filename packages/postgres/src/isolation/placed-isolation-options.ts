import type { Tenant } from '@tenancy/core';
import type { PoolConfig } from 'pg';
import type { StartChecks } from '../connections/start-check.js';
import { requireCustomSetting } from '../errors/custom-setting.js';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireList, requireOptions, said } from '../errors/require-arguments.js';
import { requireConnectionOption } from '../errors/require-connection.js';
import { requireReplicas } from '../replicas/read-options.js';
import { type RowLevelSecurityOptions, rowLevelSecurity } from './row-level-security.js';
import type { TenantPlace } from './tenant-place.js';

/** Options of `placedIsolation`. */
export interface PlacedIsolationOptions extends Omit<RowLevelSecurityOptions, 'setting'> {
  /**
   * The servers by the names that places have, each as the application connects to its shared database. A tenant's own database is on the same
   * host, by the same role.
   */
  readonly servers: Readonly<Record<string, string | PoolConfig>>;
  /**
   * The replicas of servers, by the names that `servers` has: each a standby of that server, as the application connects to it. The database is the
   * primary's, whatever an address names.
   * @defaultValue `{}`
   */
  readonly replicas?: Readonly<Record<string, readonly (string | PoolConfig)[]>>;
  /**
   * Says where a tenant is.
   * @defaultValue its `place`, as the directory has it
   */
  readonly place?: (tenant: Tenant) => TenantPlace;
  /**
   * Schemas that follow a tenant's own in `search_path`.
   * @defaultValue `[]`
   */
  readonly sharedSchemas?: readonly string[];
  /**
   * The most databases that are open at once in this process, those of servers among them.
   * @defaultValue `20`
   */
  readonly maxDatabases?: number;
  /**
   * The most connections to the shared database of a server.
   * @defaultValue the pool's `max`, or `10`
   */
  readonly maxConnectionsPerServer?: number;
  /**
   * The most connections to the database of one tenant.
   * @defaultValue `5`
   */
  readonly maxConnectionsPerDatabase?: number;
  /**
   * The setting that carries the tenant's id.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
  /**
   * Start-up checks of the servers, as the option `checks` of a pool.
   * @defaultValue `{}`: every check that fails refuses the server's tenants
   */
  readonly checks?: StartChecks;
}

const KNOWN = [
  ...[
    'servers',
    'replicas',
    'place',
    'sharedSchemas',
    'maxDatabases',
    'maxConnectionsPerServer',
    'maxConnectionsPerDatabase',
  ],
  ...['setting', 'checks', 'schemas', 'shared', 'hidden', 'tenantColumn'],
];

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolvePlacedIsolationOptions(options: PlacedIsolationOptions) {
  requireOptions('placedIsolation', options, 'servers');
  refuseUnknown('placedIsolation', options, KNOWN);
  const { servers, replicas = {}, place = ownPlace, sharedSchemas = [], setting = 'app.tenant_id', ...rest } = options;
  const { checks = {}, maxDatabases = 20, maxConnectionsPerServer, maxConnectionsPerDatabase = 5, ...rows } = rest;
  requireOptions('placedIsolation: servers', servers, 'main');
  requireCustomSetting('placedIsolation', setting);
  requireList('placedIsolation', 'sharedSchemas', sharedSchemas);
  if (Object.keys(servers).length === 0) {
    throw misconfigured('placedIsolation: the option `servers` is empty, so no tenant has a place. Name one at least.');
  }
  for (const [name, server] of Object.entries(servers)) {
    requireConnectionOption('placedIsolation', `servers.${name}`, server ?? null);
  }
  requireOptions('placedIsolation: replicas', replicas);
  refuseUnknown('placedIsolation: replicas', replicas, Object.keys(servers));
  for (const [name, list] of Object.entries(replicas)) requireReplicas('placedIsolation', `replicas.${name}`, list);
  if (typeof place !== 'function') {
    throw misconfigured(
      `placedIsolation: the option \`place\` is ${said(place)}. Pass a function that answers with a place.`,
    );
  }
  for (const [name, most] of Object.entries({ maxDatabases, maxConnectionsPerServer, maxConnectionsPerDatabase })) {
    if (most === undefined || (Number.isSafeInteger(most) && most > 0)) continue;
    throw misconfigured(`placedIsolation: the option \`${name}\` is ${said(most)}. Use a whole number of at least 1.`);
  }
  return {
    ...{
      servers,
      replicas,
      place,
      sharedSchemas,
      setting,
      maxDatabases,
      maxConnectionsPerServer,
      maxConnectionsPerDatabase,
      checks,
    },
    floor: rowLevelSecurity({ ...rows, setting }),
  };
}

function ownPlace(tenant: Tenant): TenantPlace {
  return (tenant as Tenant & { readonly place?: TenantPlace }).place as TenantPlace;
}

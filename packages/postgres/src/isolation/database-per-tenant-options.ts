import type { Tenant } from '@tenancy/core';
import type { PoolConfig } from 'pg';
import type { DatabaseConnection } from '../databases/database-directory.js';
import type { DatabaseSettings } from '../databases/database-settings.js';
import { isCustomSetting } from '../errors/custom-setting.js';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions, said } from '../errors/require-arguments.js';

/** Options of `databasePerTenant`. */
export interface DatabasePerTenantOptions {
  /**
   * Says where a tenant's database is. Asked each time the database is opened, so that a changed password or a moved database
   * is taken up when the old connections are gone. The database must be named; host, port and user default as pg's do.
   */
  readonly connection: DatabaseConnection;
  /**
   * The replicas of the server that a tenant's database is on, as the application connects to them. The database is named as `connection` names it.
   * @defaultValue none
   */
  readonly replicas?: (tenant: Tenant) => readonly (string | PoolConfig)[];
  /**
   * The most databases that are open at once in this process. When more are needed, the one that was not used for longest
   * is closed for another.
   * @defaultValue `20`
   */
  readonly maxDatabases?: number;
  /**
   * The most connections to one database, unless its configuration has a `max` of its own.
   * @defaultValue the pool's `max`, or `5`
   */
  readonly maxConnectionsPerDatabase?: number;
  /**
   * Milliseconds after which a database that nobody uses is closed.
   * @defaultValue `60_000`
   */
  readonly idleTimeoutMillis?: number;
  /**
   * Milliseconds that a caller waits when all `maxDatabases` are in use (with `0` it fails at once), and that a database has
   * for letting a connection in, unless the pool has a `connectionTimeoutMillis`. Sooner than that, a database that does not
   * answer makes way for those who wait.
   * @defaultValue `5_000`
   */
  readonly acquireTimeoutMillis?: number;
  /**
   * The setting that carries the tenant's id.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
}

/** Node's timers take a longer delay for one millisecond. */
const LONGEST_DELAY = 2 ** 31 - 1;

export function resolveDatabasePerTenantOptions(options: DatabasePerTenantOptions): DatabaseSettings {
  requireOptions('databasePerTenant', options, 'connection');
  const { connection, maxDatabases = 20, maxConnectionsPerDatabase, idleTimeoutMillis = 60_000 } = options;
  const { acquireTimeoutMillis = 5_000, setting = 'app.tenant_id' } = options;
  const settings: DatabaseSettings = {
    connection,
    maxDatabases,
    maxConnectionsPerDatabase,
    idleTimeoutMillis,
    acquireTimeoutMillis,
    setting,
  };
  refuseUnknown('databasePerTenant', options, [...Object.keys(settings), 'replicas']);
  if (options.replicas !== undefined && typeof options.replicas !== 'function') {
    throw misconfigured(
      'databasePerTenant: the option `replicas` is not a function. Pass one that answers with the replicas of a tenant.',
    );
  }
  if (typeof settings.connection !== 'function') {
    throw misconfigured(
      'databasePerTenant: the option `connection` is not a function. Pass one that answers with the database of a tenant.',
    );
  }
  checkWhole(settings, 'maxDatabases', 1, Number.MAX_SAFE_INTEGER);
  if (settings.maxConnectionsPerDatabase !== undefined)
    checkWhole(settings, 'maxConnectionsPerDatabase', 1, Number.MAX_SAFE_INTEGER);
  checkWhole(settings, 'idleTimeoutMillis', 1, LONGEST_DELAY);
  checkWhole(settings, 'acquireTimeoutMillis', 0, LONGEST_DELAY);
  if (!isCustomSetting(settings.setting, 'any')) {
    throw misconfigured(
      'databasePerTenant: the option `setting` is not a name that PostgreSQL leaves to applications. ' +
        'Use two words with a dot between them, as in `app.tenant_id`.',
    );
  }
  return settings;
}

type WholeNumber = 'maxDatabases' | 'maxConnectionsPerDatabase' | 'idleTimeoutMillis' | 'acquireTimeoutMillis';

function checkWhole(settings: DatabaseSettings, option: WholeNumber, least: number, most: number): void {
  const value: unknown = settings[option];
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = most === LONGEST_DELAY ? `from ${least} to ${most}` : `of at least ${least}`;
  throw misconfigured(`databasePerTenant: the option \`${option}\` is ${said(value)}. Use a whole number ${range}.`);
}

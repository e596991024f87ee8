import { defaults } from 'pg';
import { missingConnection } from '../errors/missing-connection.js';
import { refuseSlip } from '../errors/refuse-unknown.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';

/** What pg, pg-pool and pg-native read, and what is often beside it in a configuration that others read too. */
const READ = [
  ...[
    'connectionString',
    'nativeConnectionString',
    'host',
    'port',
    'user',
    'password',
    'database',
    'stream',
    'connection',
  ],
  ...[
    'ssl',
    'sslnegotiation',
    'sslNegotiation',
    'enableChannelBinding',
    'scramMaxIterations',
    'sslmode',
    'sslpassword',
  ],
  ...['sslca', 'sslkey', 'sslcert', 'sslrootcert', 'sslcompression', 'requirepeer', 'hostaddr'],
  ...[
    'application_name',
    'fallback_application_name',
    'client_encoding',
    'encoding',
    'options',
    'replication',
    'types',
  ],
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'query_timeout', 'connect_timeout'],
  ...['keepAlive', 'keepAliveInitialDelayMillis', 'keepalives', 'keepalives_idle', 'connectionTimeoutMillis', 'binary'],
  ...['parseInt8', 'parseInputDatesAsUTC', 'rows', 'pipeline', 'Promise', 'Client', 'max', 'min', 'poolSize', 'log'],
  ...['idleTimeoutMillis', 'maxUses', 'maxLifetimeSeconds', 'allowExitOnIdle', 'onConnect', 'verify', 'type', 'client'],
] as const;

/**
 * @param own - the options that stand beside pg's
 * @throws `floor_misconfigured` for a slip of the pen: what is given may come from another library, with options of its own.
 */
export function refuseSlipOfPg(place: string, options: object | undefined | null, own: readonly string[]): void {
  refuseSlip(place, options, [...own, ...READ]);
}

/** @throws `floor_misconfigured` where the connection string is missing, and nothing else says where the database is. */
export function requireConnection(place: string, options: object | undefined | null): void {
  const { connectionString, host, database } = defaults;
  const missing = missingConnection(options);
  if (missing === null || connectionString || database || (host && host !== 'localhost')) return;
  throw new TenantFloorError('floor_misconfigured', `${place}: ${missing}`);
}

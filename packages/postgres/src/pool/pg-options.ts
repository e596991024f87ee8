import { misconfigured } from '../errors/misconfigured.js';
import { refuseSlip } from '../errors/refuse-unknown.js';
import { said } from '../errors/require-arguments.js';

/** Options that pg, pg-pool and pg-native read, and those that are often beside them in a configuration that others read too. */
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

/** Node's timers, and PostgreSQL's, take no longer delay; Node's would end at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

const NUMBERS: Readonly<Record<string, number>> = {
  max: Number.POSITIVE_INFINITY,
  min: Number.MAX_SAFE_INTEGER,
  maxUses: Number.POSITIVE_INFINITY,
  maxLifetimeSeconds: Math.floor(LONGEST_DELAY / 1000),
  idleTimeoutMillis: LONGEST_DELAY,
  connectionTimeoutMillis: LONGEST_DELAY,
  statement_timeout: LONGEST_DELAY,
  lock_timeout: LONGEST_DELAY,
  query_timeout: LONGEST_DELAY,
  idle_in_transaction_session_timeout: LONGEST_DELAY,
};

/**
 * As pg takes them: a number, a text that is one, or nothing, for which `null` and `false` stand too.
 *
 * @throws `floor_misconfigured` for what pg would take without a word for something else, such as no limit or none at all.
 */
export function requireNumbers(place: string, options: object): void {
  for (const [option, most] of Object.entries(NUMBERS)) {
    const value = (options as Readonly<Record<string, unknown>>)[option];
    if (value === undefined || value === null || value === false) continue;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && number >= 0 && number <= most) continue;
    const range = most >= Number.MAX_SAFE_INTEGER ? 'of 0 or more' : `from 0 to ${most}`;
    throw misconfigured(
      `${place}: the option \`${option}\` is ${said(value)}, which pg would take without a word for something else. Use a number ${range}, or leave it out.`,
    );
  }
}

import { misconfigured } from '../errors/misconfigured.js';
import { bindMessage, closeStatementMessage, EXECUTE, parseMessage } from './messages.js';

/** Ties one query to one tenant: the messages that go in front of it, and the reply they must get. */
export interface Binding {
  /** The names of the settings, which no SQL of the application may set. */
  readonly settings: readonly string[];
  /** Whoever has another one is somebody else, and finds nothing of theirs on the session. */
  readonly holder: string;
  /** The right of the queries: to write too, or to read alone, on the primary or on a replica. */
  readonly access: Access;
  /** The one row of the reply: each value as PostgreSQL took it. */
  readonly receipt: readonly string[];
  /** The text that binds these settings, whatever their values. */
  readonly statement: string;
  /** `Parse`, `Bind` and `Execute`: it relies on nothing, and every pooler carries it. */
  readonly whole: Buffer;
  /** The same, and the reply ends with the id of the server process: what tells whether there is a pooler. */
  readonly probing: Buffer;
  /** The same, and what another tenant locked for the session is unlocked: the reply ends with an empty value. */
  readonly unlocking: Buffer;
  /** `Parse` for connections without a pooler, where it is kept. */
  readonly keep: Buffer;
  /** `Bind` and `Execute` of what is kept, and a clear place for the application's statement. */
  readonly kept: Buffer;
}

/**
 * `'write'`: everything. `'read'`: whatever writes is refused by PostgreSQL. `{ replayed }`: the same, and the server must be a replica
 * that has replayed the primary's log up to this position, or the query does not run.
 */
export type Access = 'write' | 'read' | { readonly replayed: string };

/** The prefix of the pool's own names; no statement of the application may have it. */
export const RESERVED_PREFIX = 'tenancy ';

/** The name of the application's unnamed statements on connections where the binding is kept. */
export const QUERY_NAME = `${RESERVED_PREFIX}query`;

export const CLOSE_QUERY = closeStatementMessage(QUERY_NAME);

/**
 * The protocol's one statement without a name. SQL has no way to say it, so no `PREPARE` or `DEALLOCATE`, in whichever
 * function, can put another in its place.
 */
const UNNAMED = '';

/**
 * Encodes the binding of `settings` once, for every query of a tenant.
 *
 * None of the messages has a `Sync`: the query's own ends both. PostgreSQL runs the messages up to one `Sync` as one
 * implicit transaction: when the binding fails the query is skipped, and a local setting ends with it, so nothing stays
 * on the connection.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export function encodeBinding(
  settings: readonly (readonly [name: string, value: string])[],
  access: Access = 'write',
): Binding {
  const names = settings.map(([name]) => settingName(name));
  const own = settings.map(([, value]) => value);
  const columns = names.map((name, index) => `set_config('${name}', $${index + 1}, true)`);
  if (access === 'read') columns.push(`set_config('transaction_read_only', 'on', true)`);
  // No value of this setting but a boolean is taken, so that the query behind it is skipped.
  else if (access !== 'write') columns.push(replayedUpTo(`$${own.length + 1}`));
  const values = typeof access === 'string' ? own : [...own, access.replayed];
  const statement = `select ${columns.join(', ')}`;
  const run = Buffer.concat([bindMessage(UNNAMED, values), EXECUTE]);
  const parsed = (text: string) => Buffer.concat([parseMessage(UNNAMED, text), run]);
  return {
    settings: names,
    holder: JSON.stringify(settings),
    access,
    receipt: access === 'write' ? own : [...own, 'on'],
    statement,
    whole: parsed(statement),
    probing: parsed(`${statement}, pg_backend_pid()`),
    unlocking: parsed(`${statement}, pg_advisory_unlock_all()`),
    keep: parseMessage(UNNAMED, statement),
    kept: Buffer.concat([run, CLOSE_QUERY]),
  };
}

/** Asked in front of each query: behind a pooler the server may be another than a moment ago, and any may have been promoted since. */
function replayedUpTo(position: string): string {
  const isReplayed = `pg_is_in_recovery() and pg_last_wal_replay_lsn() >= ${position}::pg_lsn`;
  return `set_config('transaction_read_only', case when ${isReplayed} then 'on' else 'behind' end, true)`;
}

/** Names stand in the text, so they are held to a shape; values never do. */
function settingName(name: string): string {
  if (/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/.test(name)) return name;
  throw misconfigured(
    'a setting\'s name is made of lower-case letters, digits, "_" and ".", as in "app.tenant_id". Rename it.',
  );
}

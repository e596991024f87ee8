import { misconfigured } from '../errors/misconfigured.js';
import { bindMessage, closeStatementMessage, EXECUTE, parseMessage } from './messages.js';

/** Ties one query to one tenant: the messages that go in front of it, and the reply they must get. */
export interface Binding {
  /** The names of the settings, which no SQL of the application may set. */
  readonly settings: readonly string[];
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
export function encodeBinding(settings: readonly (readonly [name: string, value: string])[]): Binding {
  const names = settings.map(([name]) => settingName(name));
  const values = settings.map(([, value]) => value);
  const statement = `select ${names.map((name, index) => `set_config('${name}', $${index + 1}, true)`).join(', ')}`;
  const run = Buffer.concat([bindMessage(UNNAMED, values), EXECUTE]);
  const parsed = (text: string) => Buffer.concat([parseMessage(UNNAMED, text), run]);
  return {
    settings: names,
    receipt: values,
    statement,
    whole: parsed(statement),
    probing: parsed(`${statement}, pg_backend_pid()`),
    unlocking: parsed(`${statement}, pg_advisory_unlock_all()`),
    keep: parseMessage(UNNAMED, statement),
    kept: Buffer.concat([run, CLOSE_QUERY]),
  };
}

/** Names stand in the text, so they are held to a shape; values never do. */
function settingName(name: string): string {
  if (/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/.test(name)) return name;
  throw misconfigured(
    'a setting\'s name is made of lower-case letters, digits, "_" and ".", as in "app.tenant_id". Rename it.',
  );
}

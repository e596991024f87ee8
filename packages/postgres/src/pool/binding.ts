import { TenantFloorError } from '../errors/tenant-floor-error.js';

/** What ties one query to one tenant: the messages that go in front of it, and the reply they must get. */
export interface Binding {
  /** The names of the settings, which no SQL of the application may set. */
  readonly settings: readonly string[];
  /** The one row of the reply: each value as PostgreSQL took it. */
  readonly receipt: readonly string[];
  /** The prepared statement that binds these settings, for connections without a pooler. */
  readonly statement: string;
  /** `Parse` of that statement: once for each connection. */
  readonly prepare: Buffer;
  /** `Bind` and `Execute` of that statement. */
  readonly prepared: Buffer;
  /** `Parse`, `Bind` and `Execute` without a name, which every pooler carries. */
  readonly unnamed: Buffer;
  /** The same, and the reply ends with the id of the server process: what tells whether there is a pooler. */
  readonly probe: Buffer;
}

/** What the names of prepared bindings begin with; no statement of the application may be called so. */
export const BINDING_PREFIX = 'tenancy ';

const EXECUTE = message('E', cstring(''), int32(0));

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
  const statement = BINDING_PREFIX + names.join(' ');
  const select = `select ${names.map((name, index) => `set_config('${name}', $${index + 1}, true)`).join(', ')}`;
  const values = settings.map(([, value]) => sized(Buffer.from(value)));
  const bind = (name: string) =>
    message('B', cstring(''), cstring(name), int16(0), int16(values.length), ...values, int16(0));
  return {
    settings: names,
    receipt: settings.map(([, value]) => value),
    statement,
    prepare: parse(statement, select),
    prepared: Buffer.concat([bind(statement), EXECUTE]),
    unnamed: Buffer.concat([parse('', select), bind(''), EXECUTE]),
    probe: Buffer.concat([parse('', `${select}, pg_backend_pid()`), bind(''), EXECUTE]),
  };
}

/** Names stand in the text, so they are held to a shape; values never do. */
function settingName(name: string): string {
  if (/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/.test(name)) return name;
  throw new TenantFloorError(
    'floor_misconfigured',
    'a setting’s name is made of lower-case letters, digits, "_" and ".", as in "app.tenant_id". Rename it.',
  );
}

function parse(name: string, text: string): Buffer {
  return message('P', cstring(name), cstring(text), int16(0));
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function sized(value: Buffer): Buffer {
  return Buffer.concat([int32(value.length), value]);
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

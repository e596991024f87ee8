import { TenantFloorError } from '../errors/tenant-floor-error.js';

/** What ties one query to one tenant: the messages that go in front of it, and the reply they must get. */
export interface Binding {
  /** `Parse`, `Bind` and `Execute` of `select set_config(…)`, without a `Sync`: the query's own ends both. */
  readonly messages: Buffer;
  /** The one row of the reply: each value as PostgreSQL took it. */
  readonly receipt: readonly string[];
  /** The names of the settings, which no SQL of the application may set. */
  readonly settings: readonly string[];
}

const EXECUTE = message('E', cstring(''), int32(0));

/**
 * Encodes the binding of `settings` once, for every query of a tenant.
 *
 * PostgreSQL runs the messages up to one `Sync` as one implicit transaction: when the binding fails the query is
 * skipped, and a local setting ends with it, so nothing stays on the connection. The statement and the portal are
 * unnamed, which every pooler carries.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export function encodeBinding(settings: readonly (readonly [name: string, value: string])[]): Binding {
  const calls = settings.map(([name], index) => `set_config('${settingName(name)}', $${index + 1}, true)`);
  const values = settings.map(([, value]) => sized(Buffer.from(value)));
  return {
    messages: Buffer.concat([
      message('P', cstring(''), cstring(`select ${calls.join(', ')}`), int16(0)),
      message('B', cstring(''), cstring(''), int16(0), int16(values.length), ...values, int16(0)),
      EXECUTE,
    ]),
    receipt: settings.map(([, value]) => value),
    settings: settings.map(([name]) => name),
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

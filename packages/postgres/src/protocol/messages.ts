/** Messages of PostgreSQL's protocol, encoded. Source: https://www.postgresql.org/docs/current/protocol-message-formats.html */

export const EXECUTE = message('E', cstring(''), int32(0));

export function parseMessage(name: string, text: string): Buffer {
  return message('P', cstring(name), cstring(text), int16(0));
}

/** `Bind` to the unnamed portal, all values as text. */
export function bindMessage(name: string, values: readonly string[]): Buffer {
  const sized = values.map((value) => Buffer.from(value)).flatMap((value) => [int32(value.length), value]);
  return message('B', cstring(''), cstring(name), int16(0), int16(values.length), ...sized, int16(0));
}

/** Closing a statement that is not there is no error. */
export function closeStatementMessage(name: string): Buffer {
  return message('C', Buffer.from('S'), cstring(name));
}

export function queryMessage(text: string): Buffer {
  return message('Q', cstring(text));
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
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

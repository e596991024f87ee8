import { gunzipSync, gzipSync } from 'node:zlib';

/** A body that is a text, or bytes that hold one: plain, in gzip, or in two bytes a letter. */
export type TextBody = string | Uint8Array;

export function isTextBody(body: unknown): body is TextBody {
  return typeof body === 'string' || body instanceof Uint8Array;
}

/** The body with another text, packed as it was. What holds no text stays as it is. */
export function withText(body: TextBody, change: (text: string) => string): TextBody {
  if (typeof body === 'string') return change(body);
  const bytes = Buffer.from(body);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return withPacked(bytes, change);
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8';
  const text = bytes.toString(encoding);
  return Buffer.from(text, encoding).equals(bytes) ? Buffer.from(change(text), encoding) : body;
}

/** Bytes that only begin as gzip does stay as they are. */
function withPacked(bytes: Buffer, change: (text: string) => string): Buffer {
  try {
    return gzipSync(withText(gunzipSync(bytes), change));
  } catch {
    return bytes;
  }
}

/** The text with values changed in each of its objects: of JSON as a whole or line by line, and of tables, whose first line has the names. */
export function withObjects(
  text: string,
  change: (value: unknown) => unknown,
  fields: Readonly<Record<string, string>>,
) {
  const lines = text.split('\n');
  return (
    changedJson(text, change) ??
    changedLines(lines, (line) => changedJson(line, change)) ??
    changedLines(lines, (line, n) => longer(line, n === 0 ? Object.keys(fields) : Object.values(fields), lines[0])) ??
    text
  );
}

function changedJson(text: string, change: (value: unknown) => unknown): string | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.stringify(change(JSON.parse(text)));
  } catch {
    return null;
  }
}

/** Null unless every line can be changed, but for empty ones. */
function changedLines(lines: readonly string[], change: (line: string, n: number) => string | null): string | null {
  const changed = lines.map((line, n) => (line.trim() === '' ? line : change(line, n)));
  return changed.includes(null) ? null : changed.join('\n');
}

/** A line of a table with more cells, between the signs that its first line has. */
function longer(line: string, cells: readonly string[], head = ''): string | null {
  const [, between] = /^\ufeff?"?\w+"?([,;\t])/.exec(head) ?? [];
  if (between === undefined) return null;
  const end = line.endsWith('\r') ? '\r' : '';
  return [line.trimEnd(), ...cells].join(between) + end;
}

import { misconfigured } from '../errors/misconfigured.js';
import type { TenantFloorError } from '../errors/tenant-floor-error.js';

/** NAMEDATALEN - 1, in bytes. */
const LONGEST_NAME = 63;

/** `name` as an SQL identifier. Refuses what PostgreSQL would cut short without a word, or cannot store. */
export function quoteIdentifier(name: string): string {
  if (typeof name !== 'string' || name === '') {
    throw misnamed(name, 'is not a name. Give the name as it is in the database.');
  }
  if (name.includes('\0')) {
    throw misnamed(name, 'contains a NUL character, which PostgreSQL cannot store. Remove it.');
  }
  // A lone surrogate would reach the server as another character.
  if (!name.isWellFormed()) throw misnamed(name, 'is not valid Unicode, so it cannot be sent as UTF-8. Correct it.');
  if (Buffer.byteLength(name) > LONGEST_NAME) {
    throw misnamed(name, `is longer than ${LONGEST_NAME} bytes; PostgreSQL would cut it short. Shorten it.`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table or view with its schema. */
export function quoteQualified({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** `text` as an SQL string literal, whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}

/** An anonymous block, in dollar quotes that nothing inside can close. */
export function doBlock(body: string): string {
  let tag = '$tenancy$';
  for (let n = 1; body.includes(tag); n += 1) tag = `$tenancy${n}$`;
  return `DO ${tag}\n${body}\n${tag}`;
}

function misnamed(name: unknown, problem: string): TenantFloorError {
  return misconfigured(`${JSON.stringify(name) ?? String(name)} ${problem}`);
}

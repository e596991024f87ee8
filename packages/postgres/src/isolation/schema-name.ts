import { TenantFloorError } from '../errors/tenant-floor-error.js';

/** PostgreSQL cuts a longer identifier off without an error, and two tenants could be left with the same rest. */
const MAX_BYTES = 63;

const TAKEN = new Set(['public', 'information_schema']);

/**
 * A schema's name as it stands in `search_path`, quoted.
 *
 * @throws `tenant_unplaceable` when it cannot be the name of one tenant's schema.
 */
export function quotedSchema(name: unknown, shared: readonly string[]): string {
  if (typeof name !== 'string' || name === '') throw unusable('is not a non-empty string');
  if (name.includes('\0') || !name.isWellFormed()) throw unusable('has a character that PostgreSQL cannot store');
  if (Buffer.byteLength(name) > MAX_BYTES) throw unusable(`is longer than ${MAX_BYTES} bytes`);
  // In `search_path` it stands for the role's name, quoted or not.
  if (name === '$user') throw unusable('is `$user`, which PostgreSQL reads as the name of the role');
  if (name.startsWith('pg_')) throw unusable('begins with "pg_", which is PostgreSQL\'s own');
  if (TAKEN.has(name) || shared.includes(name)) throw unusable('belongs to everybody');
  return quoted(name);
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function unusable(why: string): TenantFloorError {
  return new TenantFloorError(
    'tenant_unplaceable',
    `schemaPerTenant: the schema's name ${why}. Return another one from \`name\`.`,
  );
}

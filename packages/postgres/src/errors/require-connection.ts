import { missingConnection } from '@tenancy/core/adapter';
import { defaults } from 'pg';
import { misconfigured } from './misconfigured.js';

/** @throws `floor_misconfigured` where the connection string is missing, and nothing else says where the database is. */
export function requireConnection(place: string, options: object | undefined | null): void {
  const { connectionString, host, database } = defaults;
  const missing = missingConnection(options);
  if (missing === null || connectionString || database || (host && host !== 'localhost')) return;
  throw misconfigured(`${place}: ${missing}`);
}

/**
 * An option that is a URL, or what `pg` takes.
 *
 * @throws `floor_misconfigured` where it does not say which database is meant.
 */
export function requireConnectionOption(place: string, option: string, connection: unknown): void {
  const isObject = typeof connection === 'object' && connection !== null && !Array.isArray(connection);
  if (isObject || (typeof connection === 'string' && connection !== '') || connection === undefined) {
    requireConnection(place, isObject ? connection : { connectionString: connection as string | undefined });
    return;
  }
  throw misconfigured(
    `${place}: the option \`${option}\` is none that says which database is meant. Pass its URL, or what \`pg\` takes.`,
  );
}

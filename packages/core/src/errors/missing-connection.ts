/**
 * The error for the options of a connection to PostgreSQL whose connection string is there in name alone, as with an environment
 * variable that is not set: what follows `the option …` in an error. Null where it has one, or where the database is named otherwise, or
 * left to the environment on purpose.
 *
 * @param name - what the option is called
 * @example
 * ```ts
 * import { missingConnection } from '@tenancy/core/adapter';
 *
 * const missing = missingConnection({ url: process.env.DATABASE_URL }, 'url');
 * ```
 */
export function missingConnection(options: object | undefined | null, name = 'connectionString'): string | null {
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  if (!(name in given) || given[name]) return null;
  if (['host', 'port', 'database', 'stream', 'nativeConnectionString'].some((option) => given[option])) return null;
  if (['PGHOST', 'PGPORT', 'PGDATABASE', 'PGSERVICE'].some((variable) => process.env[variable])) return null;
  const value = given[name] === '' ? 'empty' : String(given[name]);
  return (
    `the option \`${name}\` is ${value}, as with an environment variable that is not set, and nothing else says where the database is, ` +
    'so pg would connect to localhost as the user of the operating system. Set the variable; or leave the option out, if that is meant.'
  );
}

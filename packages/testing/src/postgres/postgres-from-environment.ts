import { type PostgresServer, type StartPostgresOptions, startPostgres } from './start-postgres.js';

/**
 * The server that `DATABASE_URL` names, or a throw-away one when it is not set.
 *
 * Only a throw-away server is ended by `stop()`; a server somebody else runs is left as it is. Tests should create their
 * own database on it with `createDatabase`.
 *
 * @example
 * ```ts
 * import { createDatabase, postgresFromEnvironment } from '@tenancy/testing/postgres';
 *
 * const server = await postgresFromEnvironment();
 * const database = await createDatabase(server.url);
 * ```
 */
export async function postgresFromEnvironment(options: StartPostgresOptions = {}): Promise<PostgresServer> {
  const { DATABASE_URL: url } = process.env;
  return url ? { url, stop: async () => {} } : startPostgres(options);
}

import type { DatabaseConnection } from './database-directory.js';

/** The options of `DatabasePools`, all of them there and checked; `databasePerTenant` says what each is. */
export interface DatabaseSettings {
  readonly connection: DatabaseConnection;
  readonly maxDatabases: number;
  readonly maxConnectionsPerDatabase: number | undefined;
  readonly idleTimeoutMillis: number;
  readonly acquireTimeoutMillis: number;
  readonly setting: string;
}

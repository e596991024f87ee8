export type { CreateDatabaseOptions, StopDatabaseOptions, TestDatabase } from './postgres/create-database.js';
export { createDatabase } from './postgres/create-database.js';
export {
  createTestDatabase,
  type MigratedDatabase,
  type TestDatabaseOptions,
} from './postgres/create-test-database.js';
export { postgresFromEnvironment } from './postgres/postgres-from-environment.js';
export { type RowsFromPostgresOptions, rowsFromPostgres } from './postgres/rows-from-postgres.js';
export type { PostgresServer, StartPostgresOptions } from './postgres/start-postgres.js';
export { startPostgres } from './postgres/start-postgres.js';

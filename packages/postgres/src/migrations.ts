export type { MigrateOptions, MigrateResult } from './migrations/migrate.js';
export { migrate } from './migrations/migrate.js';
export type { MigrationErrorCode } from './migrations/migration-error.js';
export { isMigrationError, MigrationError } from './migrations/migration-error.js';

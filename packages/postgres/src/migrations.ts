export {
  type DriftedTarget,
  type SchemaDrift,
  type SchemaDriftOptions,
  schemaDrift,
} from './migrations/drift/schema-drift.js';
export { migrate } from './migrations/migrate.js';
export type { FailedTarget, MigrateResult, PlannedTarget } from './migrations/outcome/migrate-result.js';
export type { MigrationErrorCode } from './migrations/outcome/migration-error.js';
export { isMigrationError, MigrationError } from './migrations/outcome/migration-error.js';
export type {
  Canary,
  MigrateOptions,
  MigrationPolicies,
  MigrationProgress,
  MigrationsOptions,
} from './migrations/run/migrate-options.js';
export type { CodeMigration, MigrationSource, SqlMigration } from './migrations/source/migration-source.js';
export { sqlFiles } from './migrations/source/sql-files.js';
export type { MigrationStatus, TargetStatus, VerifyMigrationsOptions } from './migrations/status.js';
export { migrationStatus, verifyMigrations } from './migrations/status.js';
export { type EachDatabaseOptions, eachDatabase } from './migrations/targets/each-database.js';
export { type EachSchemaOptions, eachSchema } from './migrations/targets/each-schema.js';
export type {
  DatabaseTarget,
  DatabaseTargets,
  MigrationTargets,
  SchemaTarget,
  SchemaTargets,
  Tenants,
} from './migrations/targets/targets.js';

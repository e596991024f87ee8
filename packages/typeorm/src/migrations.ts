export {
  type TypeormMigration,
  type TypeormMigrationSource,
  typeormMigrations,
} from './migrations/typeorm-migrations.js';

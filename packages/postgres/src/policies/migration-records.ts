const KNOWN: ReadonlySet<string> = new Set([
  // Prisma, TypeORM, Knex, Kysely, Drizzle, MikroORM, Sequelize, node-pg-migrate
  '_prisma_migrations',
  'typeorm_metadata',
  'migrations',
  'typeorm_migrations',
  'knex_migrations',
  'knex_migrations_lock',
  'kysely_migration',
  'kysely_migration_lock',
  '__drizzle_migrations',
  'mikro_orm_migrations',
  'SequelizeMeta',
  'pgmigrations',
  // Flyway, Liquibase, Rails and others, Atlas, goose, dbmate, Alembic, Django, this library
  'flyway_schema_history',
  'databasechangelog',
  'databasechangeloglock',
  'schema_migrations',
  'ar_internal_metadata',
  'atlas_schema_revisions',
  'goose_db_version',
  'alembic_version',
  'django_migrations',
  'tenancy_migrations',
  'tenancy_changes',
]);

/** True when a table is known by its name for a tool's own record of what it did to the schema. */
export function isMigrationRecord(name: string): boolean {
  return KNOWN.has(name);
}

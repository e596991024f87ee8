import type { Orm } from './application.js';
import { readPrismaSchema } from './prisma-schema.js';
import type { Tree } from './workspace.js';

/** The databases of TypeORM that are no PostgreSQL. */
const OTHER =
  /\btype:\s*['"](mysql|mariadb|aurora-mysql|sqlite|better-sqlite3|sqljs|mssql|oracle|mongodb|cockroachdb|spanner|sap|expo|capacitor|cordova|react-native|nativescript)['"]/;
const POSTGRES = /\btype:\s*['"](?:aurora-)?postgres['"]/;

/** The database of an application that has no policies, where its options name one: `mysql`; null where they do not, or it is PostgreSQL. */
export function otherDatabase(files: readonly { readonly text: string }[]): string | null {
  const options = files.filter(({ text }) => /TypeOrm|\bDataSource\b/.test(text));
  if (options.some(({ text }) => POSTGRES.test(text))) return null;
  return options.map(({ text }) => OTHER.exec(text)?.[1]).find((name) => name !== undefined) ?? null;
}

/** False where the ORM is known to be for another database. */
export function isForPostgres(tree: Tree, orm: Orm | 'none', files: readonly { readonly text: string }[]): boolean {
  if (orm === 'typeorm') return otherDatabase(files) === null;
  return orm === 'none' || readPrismaSchema(tree)?.isPostgres !== false;
}

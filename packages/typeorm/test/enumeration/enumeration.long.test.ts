import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Company, openCompany, settings } from './company.js';
import type { Table } from './entries.js';
import { operatorTable, optionTables } from './option-tables.js';
import { pageOf } from './page.js';
import { type ClassName, publicMethods } from './public-methods.js';
import { deleteTable, insertTable, softDeleteTable, updateTable } from './tables/changes.js';
import { dataSourceTable, sqljsManagerTable } from './tables/data-source.js';
import { postgresRunnerTable, sqliteRunnerTable } from './tables/query-runners.js';
import { relationIdLoaderTable, relationLoaderTable, relationTable } from './tables/relations.js';
import { entityManagerTable, repositoryTable, treeRepositoryTable } from './tables/repositories.js';
import { selectTable } from './tables/select.js';

/**
 * Walks what TypeORM can do, as the installed classes have it. Whatever a later version adds turns up here by its name, and
 * is either shown to be scoped, or refused, or harmless for a reason.
 */
const tables: Readonly<Record<ClassName, Table>> = {
  Repository: repositoryTable,
  TreeRepository: treeRepositoryTable,
  EntityManager: entityManagerTable,
  SelectQueryBuilder: selectTable,
  InsertQueryBuilder: insertTable,
  UpdateQueryBuilder: updateTable,
  DeleteQueryBuilder: deleteTable,
  SoftDeleteQueryBuilder: softDeleteTable,
  RelationQueryBuilder: relationTable,
  RelationLoader: relationLoaderTable,
  RelationIdLoader: relationIdLoaderTable,
  PostgresQueryRunner: postgresRunnerTable,
  SqljsQueryRunner: sqliteRunnerTable,
  DataSource: dataSourceTable,
  SqljsEntityManager: { ...entityManagerTable, ...sqljsManagerTable },
};
/** Classes that only one database has. */
const only: Partial<Record<ClassName, string>> = {
  PostgresQueryRunner: 'PostgreSQL',
  SqljsQueryRunner: 'SQLite',
  SqljsEntityManager: 'SQLite',
};

describe.each(settings)('TypeORM $version on $database', ({ version, database }) => {
  let company: Company;
  beforeAll(async () => {
    company = await openCompany({ version, database });
    await Promise.all([company.scoped.reset(), company.bare.reset()]);
  });
  afterAll(() => company.stop());

  const here = (Object.keys(tables) as ClassName[]).filter((name) => (only[name] ?? database) === database);
  describe.each(here)('%s', (name) => {
    const entries = Object.entries(tables[name]).filter(([, entry]) => (entry.version ?? version) === version);

    it('has these methods and no others', () => {
      expect(entries.map(([method]) => method).sort()).toEqual(publicMethods(version, name));
    });

    const shown = entries.filter(([, entry]) => entry.prove && (entry.database ?? database) === database);
    it.each(shown)('%s', async (_method, { prove }) => {
      await prove?.(company);
    });
  });
});

// `vitest --update` writes it.
it('stands in the documentation as it is', async () => {
  await expect(pageOf({ ...tables, ...optionTables, 'Operators of a where': operatorTable })).toMatchFileSnapshot(
    '../../../../docs/typeorm-enumeration.md',
  );
});

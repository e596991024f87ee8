import type { QueryRunner } from 'typeorm';
import { Job, type Side } from '../company.js';
import { type Entry, harmless, in1, invoke, reads, refused, type Table } from '../entries.js';

/** With a runner of its own. */
async function withRunner<R>({ source }: Side, work: (runner: QueryRunner) => R): Promise<Awaited<R>> {
  const runner = source.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.release();
  }
}
const refusedOf = (name: string, args: (on: Side) => readonly unknown[]): Entry =>
  refused((on) => withRunner(on, (runner) => invoke(runner, name, ...args(on))));

const SELECT = 'SELECT * FROM "job"';
const DELETE = 'DELETE FROM "job"';

const column = ({ typeorm }: Side) => new typeorm.TableColumn({ name: 'added', type: 'varchar', isNullable: true });
const index = ({ typeorm }: Side) => new typeorm.TableIndex({ name: 'ix', columnNames: ['title'] });
const unique = ({ typeorm }: Side) => new typeorm.TableUnique({ name: 'uq', columnNames: ['title'] });
const check = ({ typeorm }: Side) => new typeorm.TableCheck({ name: 'ck', expression: '"salary" >= 0' });
const exclusion = ({ typeorm }: Side) =>
  new typeorm.TableExclusion({ name: 'ex', expression: 'USING gist ("title" WITH =)' });
const foreignKey = ({ typeorm }: Side) =>
  new typeorm.TableForeignKey({
    name: 'fk',
    columnNames: ['officeId'],
    referencedTableName: 'office',
    referencedColumnNames: ['id'],
  });
const table = ({ typeorm }: Side) =>
  new typeorm.Table({ name: 'made', columns: [{ name: 'id', type: 'varchar', isPrimary: true }] });
const view = ({ typeorm }: Side) => new typeorm.View({ name: 'everything', expression: SELECT });
const list = (of: (on: Side) => unknown) => (on: Side) => ['job', [of(on)]];
const both = (of: (on: Side) => unknown) => (on: Side) => ['job', of(on)];

/** Calls that look at the schema or change it, with arguments that would work. */
const SCHEMA: Readonly<Record<string, (on: Side) => readonly unknown[]>> = {
  getDatabases: () => [],
  getSchemas: () => [],
  hasDatabase: () => ['other'],
  getCurrentDatabase: () => [],
  hasSchema: () => ['public'],
  getCurrentSchema: () => [],
  getVersion: () => [],
  hasTable: () => ['job'],
  hasColumn: () => ['job', 'title'],
  getTable: () => ['job'],
  getTables: () => [['job']],
  getView: () => ['everything'],
  getViews: () => [['everything']],
  createDatabase: () => ['other', true],
  dropDatabase: () => ['other', true],
  createSchema: () => ['other', true],
  dropSchema: () => ['other', true],
  createTable: (on) => [table(on)],
  dropTable: () => ['job'],
  createView: (on) => [view(on)],
  dropView: () => ['everything'],
  renameTable: () => ['job', 'renamed'],
  addColumn: both(column),
  addColumns: list(column),
  renameColumn: () => ['job', 'title', 'renamed'],
  changeColumn: (on) => ['job', 'title', column(on)],
  changeColumns: (on) => ['job', [{ oldColumn: column(on), newColumn: column(on) }]],
  dropColumn: () => ['job', 'title'],
  dropColumns: () => ['job', ['title']],
  createPrimaryKey: () => ['job', ['id']],
  updatePrimaryKeys: (on) => ['job', [column(on)]],
  dropPrimaryKey: () => ['job'],
  createUniqueConstraint: both(unique),
  createUniqueConstraints: list(unique),
  dropUniqueConstraint: both(unique),
  dropUniqueConstraints: list(unique),
  createCheckConstraint: both(check),
  createCheckConstraints: list(check),
  dropCheckConstraint: both(check),
  dropCheckConstraints: list(check),
  createExclusionConstraint: both(exclusion),
  createExclusionConstraints: list(exclusion),
  dropExclusionConstraint: both(exclusion),
  dropExclusionConstraints: list(exclusion),
  createForeignKey: both(foreignKey),
  createForeignKeys: list(foreignKey),
  dropForeignKey: both(foreignKey),
  dropForeignKeys: list(foreignKey),
  createIndex: both(index),
  createIndices: list(index),
  createViewIndex: (on) => [view(on), index(on)],
  createViewIndices: (on) => [view(on), [index(on)]],
  dropIndex: both(index),
  dropIndices: list(index),
  dropViewIndex: (on) => [view(on), index(on)],
  changeTableComment: () => ['job', 'a comment'],
  clearTable: () => ['job'],
  clearDatabase: () => [],
  query: () => [SELECT],
  stream: () => [SELECT],
};
const schemaOf = (without: readonly string[]): Table =>
  Object.fromEntries(
    Object.entries(SCHEMA)
      .filter(([name]) => !without.includes(name))
      .map(([name, args]) => [name, refusedOf(name, args)]),
  );

/** SQL that the runner keeps for later is as raw then. */
const kept = (method: string): Entry =>
  refused((on) =>
    withRunner(on, (runner) => {
      const { sqlInMemory } = runner as unknown as {
        readonly sqlInMemory: { readonly upQueries: object[]; readonly downQueries: object[] };
      };
      sqlInMemory.upQueries.push({ query: DELETE });
      sqlInMemory.downQueries.push({ query: DELETE });
      return invoke(runner, method);
    }),
  );
/** Rows within a transaction, which belongs to the tenant that began it. */
const within = (end: (runner: QueryRunner) => Promise<void>): Entry =>
  reads((on) =>
    withRunner(on, async (runner) => {
      await runner.startTransaction();
      const found = await runner.manager.find(Job);
      await end(runner);
      return found;
    }),
  );

const everyRunner: Table = {
  connection: in1(harmless('is the data source, which is scoped')),
  release: harmless('gives the connection back'),
  startTransaction: within(async () => {}),
  commitTransaction: within((runner) => runner.commitTransaction()),
  rollbackTransaction: within((runner) => runner.rollbackTransaction()),
  sql: refused((on) => withRunner(on, (runner) => invoke(runner, 'sql', Object.assign([SELECT], { raw: [SELECT] })))),
  enableSqlMemory: harmless('keeps SQL instead of sending it'),
  disableSqlMemory: harmless('forgets what was kept'),
  clearSqlMemory: harmless('forgets what was kept'),
  getMemorySql: harmless('gives the SQL that was kept'),
  executeMemoryUpSql: kept('executeMemoryUpSql'),
  executeMemoryDownSql: kept('executeMemoryDownSql'),
  getReplicationMode: harmless('says which server is meant'),
  'Symbol(nodejs.asyncDispose)': in1(harmless('gives the connection back')),
};

export const postgresRunnerTable: Table = {
  ...everyRunner,
  ...schemaOf([]),
  // TypeORM 1.x says of a view that it could not look up that there is none.
  dropView: refused((on) =>
    withRunner(on, (runner) => {
      (runner as unknown as { readonly loadedViews: object[] }).loadedViews.push(view(on));
      return runner.dropView('everything');
    }),
  ),
  getDatabases: harmless('answers with nothing on PostgreSQL'),
  getSchemas: harmless('answers with nothing on PostgreSQL'),
  connect: harmless("gives PostgreSQL's own connection, which is not TypeORM's: see the limits in the README"),
  beforeMigration: harmless('does nothing on PostgreSQL'),
  afterMigration: harmless('does nothing on PostgreSQL'),
};

const NOTHING = harmless('does nothing on SQLite');
const MISSING = harmless('throws: SQLite has no such thing');
export const sqliteRunnerTable: Table = {
  ...everyRunner,
  ...schemaOf(['getVersion', 'createViewIndex', 'createViewIndices', 'dropViewIndex']),
  connect: NOTHING,
  getDatabases: NOTHING,
  getSchemas: NOTHING,
  hasDatabase: NOTHING,
  getCurrentDatabase: NOTHING,
  createDatabase: NOTHING,
  dropDatabase: NOTHING,
  createSchema: NOTHING,
  dropSchema: NOTHING,
  updatePrimaryKeys: NOTHING,
  hasSchema: MISSING,
  getCurrentSchema: MISSING,
  stream: MISSING,
  createExclusionConstraint: MISSING,
  createExclusionConstraints: MISSING,
  dropExclusionConstraint: MISSING,
  dropExclusionConstraints: MISSING,
  changeTableComment: MISSING,
  beforeMigration: refusedOf('beforeMigration', () => []),
  afterMigration: refusedOf('afterMigration', () => []),
};

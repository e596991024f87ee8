import { Job, Unit } from '../company.js';
import { type Entry, harmless, in03, invoke, onSqlite, reads, refused, type Table, writes } from '../entries.js';

const SELECT = 'SELECT * FROM "job"';
const refusedOf = (name: string, ...args: readonly unknown[]): Entry =>
  refused(({ source }) => invoke(source, name, ...args));

export const dataSourceTable: Table = {
  isConnected: in03(harmless('says whether it is initialised')),
  mongoManager: harmless("is MongoDB's alone, and throws elsewhere"),
  sqljsManager: harmless('is a manager, see SqljsEntityManager; throws elsewhere'),
  setOptions: refused(async ({ source }) => source.setOptions({ cache: true })),
  initialize: harmless('belongs to no tenant, and puts the scope in place'),
  connect: in03(harmless('is `initialize`')),
  destroy: harmless('belongs to no tenant'),
  close: in03(harmless('is `destroy`')),
  synchronize: refusedOf('synchronize', true),
  dropDatabase: refusedOf('dropDatabase'),
  runMigrations: refusedOf('runMigrations'),
  undoLastMigration: refusedOf('undoLastMigration'),
  showMigrations: refusedOf('showMigrations'),
  hasMetadata: harmless('describes entities'),
  getMetadata: harmless('describes entities'),
  getManyToManyMetadata: harmless('describes entities'),
  getRepository: reads(({ source }) => source.getRepository(Job).find()),
  getTreeRepository: reads(({ source }) => source.getTreeRepository(Unit).findTrees()),
  getMongoRepository: harmless("is MongoDB's alone, and throws elsewhere"),
  getCustomRepository: in03(harmless('makes a repository of a class that a decorator named')),
  transaction: writes(({ source }, slug) =>
    source.transaction((manager) => manager.update(Job, { id: `${slug}-job-1` }, { title: 'renamed' })),
  ),
  query: refusedOf('query', SELECT),
  sql: refusedOf('sql', Object.assign([SELECT], { raw: [SELECT] })),
  createQueryBuilder: reads(({ source }) => source.createQueryBuilder(Job, 'j').getMany()),
  createQueryRunner: refused(async ({ source }) => {
    const runner = source.createQueryRunner();
    try {
      return await runner.query(SELECT);
    } finally {
      await runner.release();
    }
  }),
  createEntityManager: reads(({ source }) => source.createEntityManager().find(Job)),
  defaultReplicationModeForReads: harmless('says which server is meant'),
};

/** Beyond what every manager has: the whole database, as SQLite in memory gives and takes it. */
export const sqljsManagerTable: Table = {
  exportDatabase: onSqlite(refused(({ manager }) => invoke(manager, 'exportDatabase'))),
  saveDatabase: onSqlite(refused(({ manager }) => invoke(manager, 'saveDatabase', '/nowhere/to/be/written'))),
  loadDatabase: onSqlite(refused(({ manager }) => invoke(manager, 'loadDatabase', new Uint8Array()))),
};

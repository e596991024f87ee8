import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addColumn, addForeignKey, type Change, changeType, dropTrigger, renameColumn } from '../../src/changes.js';
import { type ChangeDatabase, openChangeDatabase, servers } from './change-database.js';

const table = { name: 'job' };
/** In the order of their strength. */
const LOCKS = [
  ...['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock'],
  ...['ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'],
];
const changes: readonly Change[] = [
  addColumn({ table, column: 'region', type: 'text', value: "'eu'", notNull: true }),
  dropTrigger({ table, column: 'region' }),
  addForeignKey({ table, name: 'own', columns: ['id'], references: { table, columns: ['id'] } }),
  changeType({ table, column: 'touched', type: 'bigint' }),
  renameColumn({ table, from: 'title', to: 'name' }),
];

describe.each(servers)('the lock of a step $title', (server) => {
  let database: ChangeDatabase;
  beforeAll(async () => {
    database = await openChangeDatabase(server);
    await database.jobs(100);
  });
  afterAll(() => database.stop());

  it('is the strongest one that PostgreSQL takes, and a dry run before any change makes no table', async () => {
    for (const change of changes) {
      const { steps } = await database.change({ change, dryRun: true });
      if (change === changes[0]) {
        const { rows } = await database.outside.query(`select to_regclass('public.tenancy_changes') as made`);
        expect(rows).toEqual([{ made: null }]);
      }
      const client = await database.outside.connect();
      try {
        for (const { name, sql, lock } of steps) {
          await client.query('begin');
          for (const one of sql) await client.query(one.replace('/* the next batch */', 'select id from job'));
          const { rows } = await client.query<{ mode: string }>(
            `select mode from pg_locks where relation = 'job'::regclass and pid = pg_backend_pid()`,
          );
          await client.query('commit');
          const [strongest] = rows.map(({ mode }) => mode).toSorted((a, b) => LOCKS.indexOf(b) - LOCKS.indexOf(a));
          const said = `${lock.toLowerCase().replaceAll(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase())}Lock`;
          expect([name, said]).toEqual([name, strongest]);
        }
      } finally {
        client.release();
      }
    }
  });
});

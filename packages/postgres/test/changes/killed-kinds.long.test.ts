import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { addForeignKey, type Change, changeType, createIndex, finishRename, renameColumn } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { leftBehind, openChangeDatabase, servers } from './change-database.js';
import { startApart } from './killed-process.js';
import { killsOf, timeOf } from './kills.js';

/** Kills, at random points, of each kind. */
const KILLS = Math.ceil(killsOf(20) / 5);

/** The longest time, in milliseconds, for which another transaction is in the way. */
const LONGEST = 400;

const job = { name: 'job' };

interface Kind {
  readonly title: string;
  /** The changes of a turn: each is killed once, and made to its end. */
  readonly changes: (turn: number) => readonly Change[];
  /** A query with no rows where they were not made. */
  readonly made: (turn: number) => string;
}

const kinds: readonly Kind[] = [
  {
    title: 'createIndex',
    changes: (n) => [createIndex({ table: job, name: `job_${n}`, columns: ['title', 'id'], unique: true })],
    made: (n) => `select from pg_index where indexrelid = 'job_${n}'::regclass and indisvalid and indisunique`,
  },
  {
    title: 'addForeignKey',
    changes: (n) => [
      addForeignKey({
        ...{ table: job, name: `job_place_${n}`, columns: ['place'] },
        references: { table: { name: 'place' }, columns: ['id'] },
      }),
    ],
    made: (n) => `select from pg_constraint where conname = 'job_place_${n}' and convalidated`,
  },
  {
    title: 'changeType',
    changes: (n) => [changeType({ table: job, column: 'touched', type: n % 2 === 1 ? 'bigint' : 'numeric' })],
    made: (n) => `select from pg_attribute where attrelid = 'job'::regclass and attname = 'touched' and attnotnull
      and atttypid = '${n % 2 === 1 ? 'bigint' : 'numeric'}'::regtype`,
  },
  {
    title: 'renameColumn and finishRename',
    changes: (n) => {
      const rename = { table: job, from: n % 2 === 1 ? 'body' : 'text', to: n % 2 === 1 ? 'text' : 'body' };
      return [renameColumn(rename), finishRename(rename)];
    },
    made: (n) => `select from pg_attribute where attrelid = 'job'::regclass and attnotnull
      and attname = '${n % 2 === 1 ? 'text' : 'body'}'`,
  },
];

describe.each(servers)('each kind of change, killed with -9 $title', (server) => {
  const database = forAllTests(() => openChangeDatabase(server));
  const query = async (sql: string) => (await database.outside.query(sql)).rows;

  beforeAll(async () => {
    await database.jobs(4_000);
    await database.outside.query(`create table place (id int primary key); insert into place values (1);
      alter table job add column place int not null default 1, add column body text not null default 'a text'`);
    await database.outside.query(`update job set touched = id, body = 'text ' || id`);
  });

  it.each(kinds)(
    `$title at ${KILLS} random points: a second run finishes, loses nothing and leaves nothing behind`,
    async ({ changes, made }) => {
      let work = 0;
      let interrupted = 0;
      for (let turn = 1; turn <= KILLS + 1; turn += 1) {
        for (const wanted of changes(turn)) {
          // The same change is made again in a later turn.
          const name = `${wanted.kind} ${turn}`;
          let after = Promise.resolve();
          // The first turn is not killed: it says how long one takes.
          if (turn > 1) {
            // Every kind waits for a transaction that has written to the table.
            const other = await database.outside.connect();
            await other.query('begin; update job set place = place where id = 1');
            const held = LONGEST * (0.5 + 0.5 * Math.random());
            const run = startApart(database.url, wanted, name);
            await run.working;
            const ended = sleep(held).then(() => other.query('commit'));
            // The first kill is before its end for certain.
            await sleep((turn === 2 ? held / 2 : held + work) * Math.random());
            run.kill();
            await run.gone;
            // The run after it finds the other transaction there, and maybe the server process of the one that was killed.
            after = ended.then(() => other.release());
          }
          const before = performance.now();
          const { done } = await database.change({ change: wanted, name });
          await after;
          if (turn === 1) work = performance.now() - before;
          else if (done.length > 0) interrupted += 1;
        }
        expect(await query(made(turn))).toHaveLength(1);
        expect(await leftBehind(database.outside)).toEqual([]);
      }
      // Some were killed before their end.
      expect(interrupted).toBeGreaterThan(0);
      const [body] = await query(
        `select attname from pg_attribute where attrelid = 'job'::regclass and attname in ('body', 'text')`,
      );
      expect(
        await query(
          `select count(*)::int from job where touched = id and ${body.attname} = 'text ' || id and place = 1`,
        ),
      ).toEqual([{ count: 4_000 }]);
    },
    timeOf(KILLS),
  );
});

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addColumn, type ChangeProgress, change } from '../../src/changes.js';
import { readBlockers } from '../../src/direct/blockers.js';
import { type MigrationProgress, migrate } from '../../src/migrations.js';
import { Workplace } from '../migrations/workplace.js';

/** A value of a tenant's, in the statement of the session that is in the way. */
const SECRET = 'iban-of-globex';

let place: Workplace;
let blocker: pg.Client;
let pid: number;
beforeEach(async () => {
  place = await Workplace.open();
  await place.client.query('create table job (id int primary key, title text); insert into job values (1)');
  blocker = new pg.Client({ connectionString: place.url, application_name: 'a long report' });
  await blocker.connect();
  await blocker.query('begin');
  await blocker.query(`update job set title = '${SECRET}' where id = 1`);
  pid = (await blocker.query('select pg_backend_pid() as pid')).rows[0].pid;
  // The last statement of a session is what its activity shows.
  await blocker.query(`update job set title = '${SECRET}' where id = 1`);
});
afterEach(async () => {
  await blocker.end();
  await place.stop();
});

/** All that a run has said, to whoever listens, in its error and in the record that it keeps. */
async function saidBy(events: readonly unknown[], error: unknown, record: string): Promise<string> {
  const { rows } = await place.client.query(`select to_jsonb(r)::text as row from ${record} r`);
  const causes: string[] = [];
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    causes.push(JSON.stringify({ ...one, message: one.message }));
  return [...events.map((event) => JSON.stringify(event)), ...causes, ...rows.map(({ row }) => row)].join('\n');
}

describe('a session that is in the way', () => {
  it('is named by migrate with its process, role, application, state and time, and without its statement', async () => {
    await place.file('0001_more.sql', 'alter table job add column more int;');
    const events: MigrationProgress[] = [];
    const error = await migrate({
      ...{ connection: place.url, directory: place.directory, lockTimeoutMillis: 2_500, lockPatienceMillis: 100 },
      onProgress: (event) => events.push(event),
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'migration_failed' });
    const waiting = events.flatMap((event) => (event.type === 'waiting' ? event.blockers : []));
    expect(waiting[0]).toMatch(
      new RegExp(`^process ${pid} \\(role \\w+, "a long report", idle in transaction, transaction open for \\d+ s\\)$`),
    );
    const said = await saidBy(events, error, 'tenancy_migrations');
    expect(said).toContain('a long report');
    expect(said).not.toContain(SECRET);
    expect(said).not.toContain('update job');
  });

  it('is none of the run itself, of which one may wait for another', async () => {
    const waiting = new pg.Client({ connectionString: place.url });
    await waiting.connect();
    try {
      const own = (await waiting.query('select pg_backend_pid() as pid')).rows[0].pid;
      const held = waiting.query("update job set title = 'later' where id = 1");
      while ((await readBlockers(place.client, [own])).length === 0) await sleep(20);
      expect(await readBlockers(place.client, [own])).toMatchObject([{ pid }]);
      expect(await readBlockers(place.client, [own, pid])).toEqual([]);
      await blocker.query('rollback');
      await held;
    } finally {
      await waiting.end();
    }
  });

  it('is named by change in the same words, and without its statement', async () => {
    const events: ChangeProgress[] = [];
    const error = await change({
      ...{ connection: place.url, giveUpAfter: 600 },
      change: addColumn({ table: { name: 'job' }, column: 'more', type: 'int' }),
      onProgress: (event) => events.push(event),
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'change_blocked' });
    expect(String(error)).toMatch(
      new RegExp(`process ${pid} \\(role \\w+, "a long report", idle in transaction, transaction open for \\d+ s\\)`),
    );
    expect(events.flatMap(({ blockers = [] }) => blockers.map((one) => one.pid))).toContain(pid);
    const said = await saidBy(events, error, 'tenancy_changes');
    expect(said).not.toContain(SECRET);
    expect(said).not.toContain('update job');
  });
});

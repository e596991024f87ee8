import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { abandonChange, adopt, type ChangeProgress } from '../../src/changes.js';
import { policyDrift } from '../../src/index.js';
import { openOldApplication, policiesOf, tables, WRONG, whileOldCodeWrites } from './adopt-database.js';
import { type ChangeDatabase, servers } from './change-database.js';

/** Kills, at random points; CHANGE_KILLS is another number of them. */
const KILLS = Number(process.env['CHANGE_KILLS'] ?? 10);

const LEFT = `
  select 'trigger ' || tgrelid::regclass || count(*) as left from pg_trigger where tgname like '%tenancy%' group by tgrelid having count(*) > 1
  union all select 'constraint ' || conname from pg_constraint where conname like 'tenancy\\_change\\_%' or not convalidated
  union all select 'foreign key ' || conname from pg_constraint where contype = 'f' and cardinality(conkey) = 1 and confrelid <> 'country'::regclass
  union all select 'table ' || relname from pg_class where relname like 'tenancy_probe%'
  union all select 'index ' || indexrelid::regclass from pg_index where not indisvalid or not indisready
  union all select 'lock of ' || pid from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())
  union all select 'change ' || name from tenancy_changes where state <> 'done'`;

describe.each(servers)('adopt is stopped, and goes on $title', (server) => {
  async function expectAdopted(database: ChangeDatabase) {
    const query = async (sql: string) => (await database.outside.query(sql)).rows;
    expect(await query(WRONG)).toEqual([]);
    expect(await query(LEFT)).toEqual([]);
    const counts = `select (select count(*)::int from pg_constraint where contype = 'f' and conname like '%_fkey_tenant') as references,
      (select count(*)::int from pg_class where relkind = 'i' and relname like '%_tenant') as twins,
      (select count(*)::int from pg_policy) as policies, (select max(rows)::int from touched) as most`;
    // A row that was there before is filled once, whoever began with it.
    expect(await query(counts)).toEqual([{ references: 6, twins: 8, policies: 10, most: 1 }]);
    const policies = policiesOf(database);
    const compiled = { ...policies, tables: tables.map(({ name }) => ({ name, type: 'bigint' as const })) };
    expect(await policyDrift(database.outside, compiled)).toEqual([]);
  }

  async function opened(): Promise<ChangeDatabase> {
    const database = await openOldApplication(server, 1_000);
    await database.outside.query(`
      alter table application add column writes int not null default 0;
      create function counted() returns trigger language plpgsql as $$ begin new.writes := old.writes + 1; return new; end $$;
      create trigger counted before update on application for each row execute function counted()`);
    return database;
  }

  const written = (database: ChangeDatabase) =>
    database.outside.query(`insert into touched select 'application', max(writes) from application where id <= 1000`);

  const started = (database: ChangeDatabase) => {
    const given = JSON.stringify({ connection: database.url, tables, policies: policiesOf(database) });
    const child = spawn(process.execPath, [join(import.meta.dirname, 'adopt-killed.mjs'), given], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout?.resume();
    return child;
  };

  const rerun = (database: ChangeDatabase, signal?: AbortSignal, onProgress?: (event: ChangeProgress) => void) =>
    adopt({
      ...{
        connection: database.url,
        tables,
        policies: policiesOf(database),
        type: 'bigint',
        until: 'enforce',
        maxShare: 1,
      },
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    });

  it(`killed with -9 at ${KILLS} random points while old code writes: a second run finishes, and does nothing twice`, async () => {
    const whole = await opened();
    const begin = performance.now();
    expect((await once(started(whole), 'exit'))[0]).toBe(0);
    const duration = performance.now() - begin;
    await written(whole);
    await expectAdopted(whole);
    await whole.stop();
    const reached = new Set<number>();
    for (let n = 1; n <= KILLS; n += 1) {
      const database = await opened();
      try {
        const { result, errors } = await whileOldCodeWrites(
          database,
          async () => {
            const child = started(database);
            const gone = once(child, 'exit');
            await sleep(duration * (0.1 + 0.9 * Math.random()));
            child.kill('SIGKILL');
            await gone;
            return rerun(database);
          },
          true,
        );
        expect(errors).toEqual([]);
        reached.add(result.changes.reduce((sum, { done }) => sum + done.length, 0));
        await written(database);
        await expectAdopted(database);
      } finally {
        await database.stop();
      }
    }
    // They did not all hit the same moment.
    expect(reached.size).toBeGreaterThan(1);
  });

  it('given up in the middle of the keys, a table has its old ones back, and may be adopted again', async () => {
    const database = await opened();
    const query = async (sql: string) => (await database.outside.query(sql)).rows;
    const keys = () =>
      query(
        `select conname as name from pg_constraint where contype = 'f' and conrelid = 'application'::regclass order by 1`,
      );
    try {
      const before = await keys();
      const stop = new AbortController();
      const [name, step] = [
        'adopt references of "public"."application" to "public"."person", "public"."job", "public"."application"',
        'validate application_person_id_fkey_tenant',
      ];
      await expect(
        rerun(database, stop.signal, (event) => {
          if (event.change === name && event.step === step) stop.abort();
        }),
      ).rejects.toThrow('change_interrupted');
      expect(await keys()).not.toEqual(before);
      expect(await abandonChange({ connection: database.url, name })).toContain(
        'drop foreign key application_before_id_fkey',
      );
      expect(await keys()).toEqual(before);
      await rerun(database);
      await written(database);
      await expectAdopted(database);
    } finally {
      await database.stop();
    }
  });

  it('told to stop again and again: each run goes on from there', async () => {
    const database = await opened();
    try {
      let stops = 0;
      for (let isDone = false; !isDone; ) {
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), 300 + 700 * Math.random());
        isDone = await rerun(database, stop.signal).then(
          () => true,
          (error: unknown) => {
            expect(String(error)).toContain('change_interrupted');
            stops += 1;
            // A run of that length might never come to its end.
            return false;
          },
        );
        clearTimeout(timer);
        if (stops === 5) break;
      }
      expect(stops).toBeGreaterThan(0);
      await rerun(database);
      await written(database);
      await expectAdopted(database);
    } finally {
      await database.stop();
    }
  });
});

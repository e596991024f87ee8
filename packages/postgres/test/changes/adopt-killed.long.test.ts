import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { abandonChange, adopt, type ChangeProgress, changeStatus } from '../../src/changes.js';
import { policyDrift } from '../../src/index.js';
import { openOldApplication, policiesOf, tables, WRONG, whileOldCodeWrites } from './adopt-database.js';
import { type ChangeDatabase, servers } from './change-database.js';
import { killsOf, timeOf } from './kills.js';

/** Kills, at random points. */
const KILLS = killsOf(5);

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
    return spawn(process.execPath, [join(import.meta.dirname, 'adopt-killed.mjs'), given], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  };

  /** Lines of progress until the end, or until there are `most` of them and the process was killed a moment later. */
  async function linesOf(database: ChangeDatabase, most = Number.POSITIVE_INFINITY): Promise<number> {
    const child = started(database);
    const gone = once(child, 'exit');
    let lines = 0;
    for await (const _ of createInterface({ input: child.stdout })) {
      lines += 1;
      if (lines === most) void sleep(20 * Math.random()).then(() => child.kill('SIGKILL'));
    }
    expect((await gone)[0] ?? 0).toBe(0);
    return lines;
  }

  /** The step and row that a killed run has come to. */
  const pointOf = async ({ url }: ChangeDatabase) =>
    (await changeStatus({ connection: url })).map(({ name, done, rows }) => `${name}: ${done}, ${rows}`).join('\n');

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

  it(
    `killed with -9 at ${KILLS} random points while old code writes: a second run finishes, and does nothing twice`,
    async () => {
      const whole = await opened();
      const length = await linesOf(whole);
      await written(whole);
      await expectAdopted(whole);
      await whole.stop();
      const points = new Set<string>();
      for (let n = 1; n <= KILLS; n += 1) {
        const database = await opened();
        try {
          const { errors } = await whileOldCodeWrites(
            database,
            async () => {
              // A kill for each part of the way.
              await linesOf(database, Math.ceil((length * (n - Math.random())) / KILLS));
              points.add(await pointOf(database));
              return rerun(database);
            },
            true,
          );
          expect(errors).toEqual([]);
          await written(database);
          await expectAdopted(database);
        } finally {
          await database.stop();
        }
      }
      // They did not all hit the same moment.
      expect(points.size).toBeGreaterThan(Math.min(KILLS / 4, 20));
    },
    timeOf(KILLS),
  );

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

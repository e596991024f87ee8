import { Logger } from '@nestjs/common';
import { startPostgres } from '@tenancy/testing/postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { reading } from '../../src/index.js';
import { acme } from '../database/floor-database.js';
import { answeredBy, portOf, ReplicatedDatabase, SETTINGS } from './replicated-database.js';
import { askOf, Standby } from './standby.js';

let database: ReplicatedDatabase;
let logged: MockInstance;

beforeAll(async () => {
  database = await ReplicatedDatabase.open(0);
});

beforeEach(() => {
  logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
});

afterEach(async () => {
  logged.mockRestore();
  await database.afterTest();
});

afterAll(() => database?.stop());

const asAcme = <R>(fn: () => R): R => database.context.run(acme, fn);

const complaints = () => logged.mock.calls.map(([message]) => String(message));

async function withStandby<R>(work: (standby: Standby) => Promise<R>): Promise<R> {
  const standby = await Standby.of(database.primary.url);
  try {
    return await work(standby);
  } finally {
    await standby.stop();
  }
}

const OWN = 'select title, inet_server_port() as port from job where id = 1';

describe('a replica that', () => {
  it('is down costs a read nothing but a moment: the primary answers, and the replica again when it is back', () =>
    withStandby(async (standby) => {
      const pool = database.pool({ replicas: [standby.urlAs('app', 'app')], reads: { waitMillis: 1_000 } });
      await asAcme(() => answeredBy(pool, standby.port));
      const ended = await asAcme(async () => {
        const asked = reading(() => Promise.all(Array.from({ length: 20 }, () => pool.query(OWN))));
        const killed = standby.kill();
        const answers = [await asked];
        await killed;
        for (let n = 0; n < 5; n += 1) answers.push(await reading(() => Promise.all([pool.query(OWN)])));
        return answers.flat().map(({ rows }) => rows);
      });
      expect(ended.every((rows) => rows.length === 1)).toBe(true);
      expect(ended.at(-1)).toMatchObject([{ port: database.primaryPort }]);
      expect(complaints().join()).toMatch(/^replica 1 is left out: no connection to it could be had/);
      await standby.start();
      await asAcme(() => answeredBy(pool, standby.port));
    }));

  it('is killed under a query, has it answered by the primary', () =>
    withStandby(async (standby) => {
      const pool = database.pool({ replicas: [standby.urlAs('app', 'app')], reads: { waitMillis: 1_000 } });
      await asAcme(() => answeredBy(pool, standby.port));
      const slow = asAcme(() =>
        reading(() =>
          pool.query('select pg_sleep(case when pg_is_in_recovery() then 60 else 0 end), inet_server_port() as port'),
        ),
      );
      await vi.waitFor(async () => {
        const running = await standby.ask(
          `select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`,
        );
        expect(running).toHaveLength(1);
      });
      await standby.kill();
      expect((await slow).rows).toMatchObject([{ port: database.primaryPort }]);
    }));

  it('ends a query for the sake of its replay, has it answered by the primary', () =>
    withStandby(async (standby) => {
      await standby.ask(`alter system set max_standby_streaming_delay = 0`);
      await standby.ask('select pg_reload_conf()');
      await database.outside.query('create table gone (id int); grant select on gone to app');
      const pool = database.pool({
        replicas: [standby.urlAs('app', 'app')],
        reads: { waitMillis: 1_000 },
        checks: { classification: 'off', 'table-policies': 'off', 'shared-tenant-column': 'off' },
      });
      await asAcme(() => answeredBy(pool, standby.port));
      const slow = asAcme(() =>
        reading(() =>
          pool.query(
            'select pg_sleep(case when pg_is_in_recovery() then 60 else 0 end), inet_server_port() as port, (select count(*) from job)',
          ),
        ),
      );
      await vi.waitFor(async () => {
        const running = await standby.ask(
          `select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`,
        );
        expect(running).toHaveLength(1);
      });
      await database.outside.query(
        'drop table gone; alter table job add column extra int; alter table job drop column extra',
      );
      expect((await slow).rows).toMatchObject([{ port: database.primaryPort }]);
    }));

  it('was promoted is read no more, on connections from before neither', () =>
    withStandby(async (standby) => {
      const pool = database.pool({ replicas: [standby.urlAs('app', 'app')], reads: { waitMillis: 1_000 } });
      await asAcme(() => answeredBy(pool, standby.port));
      const held = await asAcme(() => reading(() => pool.connect()));
      await standby.promote();
      await standby.ask(`update job set title = 'of another primary'`);
      await asAcme(async () => {
        const asked = await held.query(OWN).catch((error: unknown) => error);
        held.release();
        expect(asked).toMatchObject({ code: 'replica_behind' });
        for (let n = 0; n < 5; n += 1) {
          const { rows } = await reading(() => pool.query(OWN));
          expect(rows).toMatchObject([{ port: database.primaryPort, title: 'acme job 1' }]);
        }
      });
      await vi.waitFor(async () => {
        await asAcme(() => portOf(pool));
        expect(complaints().join()).toContain('is no replica: it is not in recovery');
      });
    }));

  it('is of another cluster is left out, and the log says so when the pool is verified', async () => {
    const other = await startPostgres({ settings: SETTINGS });
    try {
      await askOf(
        other.url,
        `create role app login password 'app'; create table job (tenant_id text, id int, title text);
         insert into job values ('t_acme', 1, 'foreign'); grant select on job to app`,
      );
      const standby = await Standby.of(other.url);
      try {
        const pool = database.pool({ replicas: [standby.urlAs('app', 'app')], reads: { waitMillis: 0 } });
        await pool.verify();
        expect(complaints()).toEqual([expect.stringContaining('it is a server of another cluster')]);
        const { rows } = await asAcme(() => reading(() => pool.query(OWN)));
        expect(rows).toMatchObject([{ port: database.primaryPort, title: 'acme job 1' }]);
      } finally {
        await standby.stop();
      }
    } finally {
      await other.stop();
    }
  });

  it('is the primary itself is left out', async () => {
    const pool = database.pool({ replicas: [database.url], reads: { waitMillis: 0 } });
    await pool.verify();
    expect(complaints()).toEqual([expect.stringContaining('it is no replica')]);
    expect(await asAcme(() => portOf(pool))).toBe(database.primaryPort);
  });

  it('is reached by a role that no policy holds is left out, and so is one that preset a tenant', () =>
    withStandby(async (standby) => {
      for (const [url, check] of [
        [standby.url, 'privileged-role'],
        [`${standby.urlAs('app', 'app')}?options=-c%20app.tenant_id%3Dt_globex`, 'preset-tenant'],
      ] as const) {
        logged.mockClear();
        const pool = database.pool({ replicas: [url], reads: { waitMillis: 20_000 } });
        const { rows } = await asAcme(() =>
          reading(() => pool.query('select tenant_id, inet_server_port() as port from job')),
        );
        expect(rows).toHaveLength(10);
        expect(rows[0].port).toBe(database.primaryPort);
        expect(complaints().join()).toContain(check);
      }
    }));

  it('names another database is read in the one of the primary', () =>
    withStandby(async (standby) => {
      await database.outside.query('create database decoy');
      const decoy = Object.assign(new URL(standby.urlAs('app', 'app')), { pathname: '/decoy' }).href;
      const pool = database.pool({ replicas: [decoy], reads: { waitMillis: 20_000 } });
      await asAcme(() => answeredBy(pool, standby.port));
      const { rows } = await asAcme(() => reading(() => pool.query('select current_database() as name')));
      expect(rows).toEqual([{ name: 'postgres' }]);
    }));

  it('comes back with less than it had is asked anew: what it had before counts for nothing', () =>
    withStandby(async (standby) => {
      const pool = database.pool({ replicas: [standby.urlAs('app', 'app')], reads: { waitMillis: 0 } });
      const title = async (url: string) =>
        (await askOf(url, `select title from job where tenant_id = 't_acme' and id = 1`))[0].title;
      await standby.ask('checkpoint');
      await database.outside.query(`update job set title = 'newest' where tenant_id = 't_acme' and id = 1`);
      await asAcme(() => answeredBy(pool, standby.port));
      expect(await title(standby.url)).toBe('newest');
      await standby.kill();
      // A commit that was replayed before is replayed an hour later this time.
      await standby.set('recovery_min_apply_delay', '1h');
      await standby.start();
      expect(await title(standby.url)).toBe('acme job 1');
      await new Promise((resolve) => setTimeout(resolve, 5_500));
      for (let n = 0; n < 10; n += 1) {
        const { rows } = await asAcme(() => reading(() => pool.query(OWN)));
        expect(rows).toEqual([{ title: 'newest', port: database.primaryPort }]);
      }
    }));
});

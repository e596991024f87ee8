import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { reading } from '../../src/index.js';
import { acme } from '../database/floor-database.js';
import { answeredBy, portOf, ReplicatedDatabase } from './replicated-database.js';
import { Standby } from './standby.js';

let database: ReplicatedDatabase;
let [next, left] = [undefined as unknown as Standby, undefined as unknown as Standby];

beforeAll(async () => {
  database = await ReplicatedDatabase.open(2);
  [next, left] = database.replicas as [Standby, Standby];
});

afterEach(() => database.afterTest());

afterAll(() => database?.stop());

const asAcme = <R>(fn: () => R): R => database.context.run(acme, fn);

describe('after a failover', () => {
  it('a replica of the old timeline is not asked, however large its number is', async () => {
    const before = database.pool({ replicas: [left.urlAs('app', 'app')], reads: { waitMillis: 1_000 } });
    await asAcme(() => answeredBy(before, left.port));
    await next.promote();
    // The old primary was not stopped: its log grows past the one of the new, and its replica with it.
    await database.outside.query(`create table filler as select repeat('x', 1000) from generate_series(1, 3000)`);
    await next.ask(`update job set title = 'on the new primary' where tenant_id = 't_acme' and id = 1`);
    const [{ ahead }] = await left.ask(
      `select pg_last_wal_replay_lsn() > '${(await next.ask('select pg_current_wal_insert_lsn()::text as lsn'))[0].lsn}' as ahead`,
    );
    expect(ahead).toBe(true);

    const pool = database.pool({
      connectionString: next.urlAs('app', 'app'),
      replicas: [left.urlAs('app', 'app')],
      reads: { waitMillis: 0 },
    });
    const title = 'select title, inet_server_port() as port from job where id = 1';
    for (let n = 0; n < 5; n += 1) {
      const { rows } = await asAcme(() => reading(() => pool.query(title)));
      expect(rows).toEqual([{ title: 'on the new primary', port: next.port }]);
    }
  });

  it('a replica that follows the new primary is asked again from its next restartpoint on, which tells its timeline', async () => {
    const second = await Standby.of(next.url);
    const third = await Standby.of(next.url);
    try {
      const options = { replicas: [third.urlAs('app', 'app')], reads: { waitMillis: 1_000 } };
      const before = database.pool({ connectionString: next.urlAs('app', 'app'), ...options });
      await asAcme(() => answeredBy(before, third.port));
      await next.stop();
      await second.promote();
      await third.stop();
      await third.follow(second.url);
      await third.start();
      const pool = database.pool({ connectionString: second.urlAs('app', 'app'), ...options });
      await second.ask(`update job set title = 'on the third timeline' where tenant_id = 't_acme' and id = 1`);
      expect(await asAcme(() => portOf(pool))).toBe(second.port);
      await second.ask('checkpoint');
      await vi.waitFor(async () => {
        await third.ask('checkpoint');
        expect(await third.ask('select timeline_id from pg_control_checkpoint()')).toEqual([{ timeline_id: 3 }]);
      });
      await asAcme(() => answeredBy(pool, third.port));
      const { rows } = await asAcme(() => reading(() => pool.query('select title from job where id = 1')));
      expect(rows).toEqual([{ title: 'on the third timeline' }]);
      expect(await asAcme(() => portOf(pool))).toBe(third.port);
    } finally {
      await third.stop();
      await second.stop();
    }
  });
});

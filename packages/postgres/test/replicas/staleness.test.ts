import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { reading } from '../../src/index.js';
import { PrimaryPositions } from '../../src/replicas/primary-positions.js';
import { TenantWork } from '../../src/replicas/tenant-work.js';
import { lsnText, readLsn, standing, withoutHeader } from '../../src/replicas/wal-position.js';
import { acme, globex } from '../database/floor-database.js';
import { answeredBy, ReplicatedDatabase } from './replicated-database.js';
import type { Standby } from './standby.js';

let database: ReplicatedDatabase;
let replica: Standby;

beforeAll(async () => {
  database = await ReplicatedDatabase.open();
  replica = database.replicas[0] as Standby;
});

afterEach(() => database.afterTest());

afterAll(() => database?.stop());

const TITLE = 'select title, inet_server_port() as port from job where id = 1';

describe('with `stalenessMillis`', () => {
  it('a read may miss what others have committed, and never what this pool has; other tenants are not held up by it', async () => {
    const pool = database.pool({ reads: { stalenessMillis: 60_000, waitMillis: 0 } });
    const read = (tenant: typeof acme) =>
      database.context.run(tenant, () => reading(async () => (await pool.query(TITLE)).rows[0]));
    for (const tenant of [acme, globex]) await database.context.run(tenant, () => answeredBy(pool, replica.port));
    await replica.pause();
    try {
      await database.outside.query(`update job set title = 'by another process' where id = 1`);
      expect(await read(acme)).toEqual({ title: 'acme job 1', port: replica.port });
      await database.context.run(acme, () => pool.query(`update job set title = 'by this pool' where id = 1`));
      expect(await read(acme)).toEqual({ title: 'by this pool', port: database.primaryPort });
      expect(await read(globex)).toEqual({ title: 'globex job 1', port: replica.port });
      // Nothing was written, as far as anybody can tell but PostgreSQL; a transaction that is open may be committed in any moment.
      await database.context.run(globex, async () => {
        const client = await pool.connect();
        try {
          await client.query('begin');
          await client.query(`update job set title = 'committed' where id = 1`);
          await client.query('commit');
          expect(await read(globex)).toEqual({ title: 'committed', port: database.primaryPort });
        } finally {
          client.release();
        }
      });
    } finally {
      await replica.resume();
    }
  });

  it('a tenant that this process has not led there yet misses nothing', async () => {
    const pool = database.pool({ reads: { stalenessMillis: 60_000, waitMillis: 0 } });
    await database.context.run(acme, () => answeredBy(pool, replica.port));
    await replica.pause();
    try {
      await database.outside.query(`update job set title = 'before its first read' where id = 1`);
      const row = await database.context.run(globex, () => reading(async () => (await pool.query(TITLE)).rows[0]));
      expect(row).toEqual({ title: 'before its first read', port: database.primaryPort });
    } finally {
      await replica.resume();
    }
  });
});

describe('positions', () => {
  const position = { system: '7', timeline: 2, lsn: readLsn('1/5000') };

  it('are read and written as PostgreSQL does', () => {
    expect(readLsn('16/B374D848')).toBe(0x16_b374_d848n);
    expect(lsnText(0x16_b374_d848n)).toBe('16/B374D848');
    expect(lsnText(readLsn('0/0'))).toBe('0/0');
  });

  it('end where the last record ends, where the next begins behind the header of a page or a file, and nowhere else', () => {
    const [block, segment] = [8192n, 1_048_576n];
    expect(withoutHeader(readLsn('0/4000028'), block, segment)).toBe(readLsn('0/4000000'));
    expect(withoutHeader(readLsn('0/4002018'), block, segment)).toBe(readLsn('0/4002000'));
    for (const within of ['0/4000018', '0/4002028', '0/4002020', '0/4000030', '0/4002000']) {
      expect(withoutHeader(readLsn(within), block, segment)).toBe(readLsn(within));
    }
  });

  it.each([
    [{}, '1/5000', 'far enough'],
    [{}, '1/4FFF', 'behind'],
    [{}, '1/5001', 'far enough'],
    [{}, '0/FFFFFFFF', 'behind'],
    [{}, null, 'no replica'],
    [{ system: '8' }, '1/5001', 'of another cluster'],
    [{ timeline: 1 }, '1/5001', 'on another timeline'],
    [{ timeline: 3 }, '1/5001', 'on another timeline'],
  ])('a server that says %j and %s is %s', (state, lsn, expected) => {
    expect(standing({ ...position, ...state, lsn: lsn && readLsn(lsn) } as never, position)).toBe(expected);
  });

  it('are asked for once for all who wait, and after the last of them came', async () => {
    const asked: ((lsn: bigint) => void)[] = [];
    const positions = new PrimaryPositions(
      () => new Promise((resolve) => asked.push((lsn) => resolve({ ...position, lsn }))),
      0,
    );
    const first = positions.covering(performance.now());
    await Promise.resolve();
    const others = Array.from({ length: 100 }, () => positions.covering(performance.now()));
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
    asked[0]?.(1n);
    expect((await first).lsn).toBe(1n);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(2);
    asked[1]?.(2n);
    expect(new Set((await Promise.all(others)).map(({ lsn }) => lsn))).toEqual(new Set([2n]));
  });

  it('of work that is open are those of this moment, and so are those of a tenant in another place', () => {
    const work = new TenantWork(2);
    const before = performance.now();
    expect(work.last('a', 'here')).toBeGreaterThanOrEqual(before);
    const known = work.last('a', 'here');
    expect(work.last('a', 'here')).toBe(known);
    const done = work.begin('a', 'here');
    expect(work.last('a', 'here')).toBeGreaterThan(known);
    done();
    const ended = work.last('a', 'here');
    done();
    expect(work.last('a', 'here')).toBe(ended);
    expect(work.last('a', 'there')).toBeGreaterThan(ended);
    expect(work.last('a', 'here')).toBeGreaterThan(ended);
    const remembered = work.last('a', 'here');
    work.last('b', 'here');
    work.last('c', 'here');
    expect(work.last('a', 'here')).toBeGreaterThan(remembered);
  });
});

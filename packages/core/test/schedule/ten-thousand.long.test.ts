import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, inject, it } from 'vitest';
import { createDatabase } from '../../../testing/src/postgres/create-database.js';
import { scheduleTableSql } from '../../src/schedule.js';

const run = promisify(execFile);
const visit = (options: object) =>
  run(process.execPath, ['--expose-gc', join(import.meta.dirname, 'ten-thousand.mjs'), JSON.stringify(options)], {
    maxBuffer: 10_000_000,
  });
const MEGABYTE = 1_000_000;

it('memory is flat over 100,000 tenants', async () => {
  const { stdout } = await visit({ tenants: 100_000 });
  const { done, kept } = JSON.parse(stdout);
  expect(done).toBe(100_000);
  expect(kept).toBeLessThan(3 * MEGABYTE);
});

it('10,000 tenants: memory is flat, and a run that is resumed after its process was killed repeats none that had finished', async () => {
  const { url, stop } = await createDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: url });
  try {
    await pool.query(scheduleTableSql());
    const seen: string[] = [];
    for (const dieAt of [1, 3_000, 2_500]) {
      const killed = await visit({ url, tenants: 10_000, dieAt }).catch((error) => error);
      expect(killed.signal).toBe('SIGKILL');
      seen.push(...killed.stdout.trim().split('\n'));
    }
    const { rows } = await pool.query(`select tenant from tenancy_schedule where tenant <> '' and done_at is not null`);
    const last = await visit({ url, tenants: 10_000, dieAt: -1 });
    const lines = last.stdout.trim().split('\n');
    const { done, failed, skipped, kept } = JSON.parse(lines.pop() as string);
    const again = lines.filter((id) => rows.some(({ tenant }) => tenant === id));
    expect(again).toEqual([]);
    expect({ failed, sum: done + skipped }).toEqual({ failed: 0, sum: 10_000 });
    expect(skipped).toBe(rows.length);
    expect(kept).toBeLessThan(3 * MEGABYTE);
    seen.push(...lines);
    expect(new Set(seen).size).toBe(10_000);
    // No more than those that each of the three had in hand.
    expect(seen.length - 10_000).toBeLessThanOrEqual(3 * 5);
    expect((await pool.query(`select from tenancy_schedule where tenant <> ''`)).rowCount).toBe(0);
  } finally {
    await pool.end();
    await stop();
  }
});

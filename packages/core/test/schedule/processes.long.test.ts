import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { lockPlaces } from './locks.js';
import { Processes } from './processes.js';
import { eventually } from './tenants.js';

const MINUTES = 180_000;

/** The tenants whose work for `tick` has ended, and how often. */
const endsOf = (processes: Processes, tick: number) =>
  [...processes.counts('end')].filter(([key]) => key.startsWith(`${tick} `));

describe.each(lockPlaces)('several processes and $name', ({ name, open, missing }) => {
  const place = name.startsWith('Redis') ? 'redis' : 'table';
  describe.skipIf(missing !== null)('', () => {
    let url: string;
    let close: () => Promise<void>;
    let processes: Processes;
    beforeAll(async () => {
      ({ url, close } = await open(inject('postgresUrl')));
    });
    afterAll(() => close());
    afterEach(() => processes.kill());
    const reset = async () => {
      await close();
      ({ url, close } = await open(inject('postgresUrl')));
      processes = new Processes();
    };
    const common = { place, tenants: 3, work: 1, delay: 0, lease: 15_000 };

    it('B2, B6: eight processes, 15 ms apart, with ticks of 20 ms: each tenant runs once for each tick', async () => {
      await reset();
      const start = (i: number) => processes.start({ ...common, url, cron: '* * * * * *', work: 10, delay: i * 15 });
      await Promise.all(Array.from({ length: 8 }, (_, i) => start(i)));
      await eventually(() => new Set(processes.lines.map(({ tick }) => tick)).size >= 8, MINUTES);
      // None that is under way.
      const last = Math.max(...processes.lines.map(({ tick }) => tick));
      await eventually(() => processes.lines.some(({ tick }) => tick > last), MINUTES);
      const counts = [...processes.counts('begin')].filter(([key]) => Number(key.split(' ')[0]) <= last);
      expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
      expect(counts.length % 3).toBe(0);
      expect(counts.length).toBeGreaterThanOrEqual(21);
      expect(processes.lines.filter(({ tick }) => tick % 1000 !== 0)).toEqual([]);
    });

    it('B2: a tick whose process is killed is gone on with by another one, which repeats none that is done', async () => {
      await reset();
      const options = { ...common, url, tenants: 40, work: 150, lease: 1_000, cron: '*/20 * * * * *' };
      await Promise.all([0, 0, 0].map((delay) => processes.start({ ...options, delay })));
      await eventually(() => processes.counts('end').size >= 8, MINUTES);
      const { tick, pid } = processes.lines[0] as (typeof processes.lines)[number];
      const killed = processes.all.find((child) => child.pid === pid);
      killed?.kill('SIGKILL');
      await eventually(() => endsOf(processes, tick).length >= 40, MINUTES);
      // But for one whose end was told, and not yet written down, when it was killed.
      expect(endsOf(processes, tick).length).toBe(40);
      expect(endsOf(processes, tick).filter(([, count]) => count !== 1).length).toBeLessThanOrEqual(2);
      const begun = [...processes.counts('begin')].filter(([key]) => key.startsWith(`${tick} `));
      // Those that were in hand when it was killed were begun twice.
      expect(begun.filter(([, count]) => count > 1).length).toBeLessThanOrEqual(2);
      expect(new Set(processes.lines.filter((line) => line.tick === tick).map((line) => line.pid)).size).toBe(2);
    });

    it('B2: what a process left behind is gone on with when one starts again', async () => {
      await reset();
      const options = { ...common, url, tenants: 20, work: 150, lease: 1_000, cron: '*/30 * * * * *' };
      const first = await processes.start(options);
      await eventually(() => processes.counts('end').size >= 4, MINUTES);
      const tick = processes.lines[0]?.tick as number;
      first.kill('SIGKILL');
      await processes.start(options);
      await eventually(() => endsOf(processes, tick).length >= 20, MINUTES);
      expect(endsOf(processes, tick).length).toBe(20);
      expect(endsOf(processes, tick).filter(([, count]) => count !== 1).length).toBeLessThanOrEqual(2);
    });

    it('a process that is closed waits for what it has begun, and another one goes on with the rest', async () => {
      await reset();
      const options = { ...common, url, tenants: 30, work: 150, lease: 2_000, cron: '*/30 * * * * *' };
      await Promise.all([processes.start(options), processes.start(options)]);
      await eventually(() => processes.counts('end').size >= 4, MINUTES);
      const { tick, pid } = processes.lines[0] as (typeof processes.lines)[number];
      const closed = processes.all.find((child) => child.pid === pid);
      const gone = new Promise((resolve) => closed?.once('exit', resolve));
      closed?.kill('SIGTERM');
      expect(await gone).toBe(0);
      await eventually(() => endsOf(processes, tick).length >= 30, MINUTES);
      for (const what of ['begin', 'end']) {
        const runs = [...processes.counts(what)].filter(([key]) => key.startsWith(`${tick} `));
        expect(runs.map(([, count]) => count)).toEqual(Array(30).fill(1));
      }
    });

    it('B2: clocks that differ by seconds, and a loop that is blocked, make no tick run twice', async () => {
      await reset();
      const options = { ...common, url, cron: '*/2 * * * * *', spin: 5 };
      await Promise.all([-700, 0, 1_300].map((skew) => processes.start({ ...options, skew })));
      await eventually(() => new Set(processes.lines.map(({ tick }) => tick)).size >= 5, MINUTES);
      expect([...processes.counts('begin')].filter(([, count]) => count !== 1)).toEqual([]);
      expect(processes.lines.filter(({ tick }) => tick % 2000 !== 0)).toEqual([]);
    });
  });
});

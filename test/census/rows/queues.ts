import { setTimeout as sleep } from 'node:timers/promises';
import Bottleneck from 'bottleneck';
import { createPool } from 'generic-pool';
import CircuitBreaker from 'opossum';
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import { Piscina } from 'piscina';
import { context, inCompany, inHandler, type Seen, type Subject, seen } from '../row.js';

const work = async (): Promise<Seen> => {
  await sleep(1);
  return seen();
};

/** Node's own pattern of a queue: whoever ends starts the next. */
class HandMade {
  readonly #jobs: (() => Promise<unknown>)[] = [];
  #runs = false;

  add<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#jobs.push(async () => resolve(await job()));
      if (!this.#runs) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#runs = true;
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) await job();
    this.#runs = false;
  }
}

export const queues: Subject = {
  about: 'Queues, limits and pools in memory',
  rows: [
    inHandler('`p-limit`', 'right', () => {
      const limit = pLimit(1);
      return inCompany(() => limit(work));
    }),
    inHandler(
      '`p-queue`: the function that is added',
      "another's",
      () => {
        const queue = new PQueue({ concurrency: 1 });
        return inCompany(() => queue.add(work));
      },
      { fix: '`p-queue`: a bound function' },
    ),
    inHandler('`p-queue`: a bound function', 'right', () => {
      const queue = new PQueue({ concurrency: 1 });
      return inCompany(() => queue.add(context.bind(work)));
    }),
    inHandler('`p-queue`: after `await queue.add(…)`', 'right', () => {
      const queue = new PQueue({ concurrency: 1 });
      return async () => {
        await queue.add(work);
        return seen();
      };
    }),
    inHandler(
      '`bottleneck`: the function that is scheduled',
      "another's",
      () => {
        const limiter = new Bottleneck({ maxConcurrent: 1, minTime: 1 });
        return inCompany(() => limiter.schedule(work));
      },
      { fix: '`bottleneck`: a bound function' },
    ),
    inHandler('`bottleneck`: a bound function', 'right', () => {
      const limiter = new Bottleneck({ maxConcurrent: 1, minTime: 1 });
      return inCompany(() => limiter.schedule(context.bind(work)));
    }),
    inHandler(
      "a queue of one's own, which whoever came first works off",
      "another's",
      () => {
        const queue = new HandMade();
        return inCompany(() => queue.add(work));
      },
      { fix: "a queue of one's own, with bound functions" },
    ),
    inHandler("a queue of one's own, with bound functions", 'right', () => {
      const queue = new HandMade();
      return inCompany(() => queue.add(context.bind(work)));
    }),
    inHandler('`generic-pool`: `acquire` and `use`', 'right', (start) => {
      const pool = createPool({ create: async () => ({}), destroy: async () => {} }, { max: 1 });
      start.later(async () => {
        await pool.drain();
        await pool.clear();
      });
      return inCompany(() => pool.use(work));
    }),
    inHandler('`opossum`: the action and its fallback', 'right', (start) => {
      const breaker = new CircuitBreaker(async (fails: boolean) => (fails ? Promise.reject(new Error()) : work()), {
        capacity: 100,
        volumeThreshold: 1_000,
      });
      breaker.fallback(work);
      start.later(() => breaker.shutdown());
      let asked = 0;
      return () => breaker.fire(asked++ % 2 === 0);
    }),
    inHandler('`piscina`: after `await pool.run(…)`', 'right', (start) => {
      const pool = new Piscina({ filename: new URL('./echo.mjs', import.meta.url).href, maxThreads: 1 });
      start.later(() => pool.destroy());
      return async () => {
        await pool.run(1);
        return seen();
      };
    }),
  ],
};

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairness, fairnessOf } from '../../src/bullmq/fairness/fairness.js';
import { LAST_TAG } from '../../src/bullmq/fairness/tags.js';
import { type Backend, backends } from './backends.js';
import { addBulk, placed } from './queues.js';

/** Arrivals of several tenants, and services in the order of BullMQ: by priority, then first in, first out. */
type Event = { readonly add: number; readonly count: number } | { readonly serve: number };

const WEIGHTS = [1, 3, 0.5, 2.25, 0.01] as const;
const START = [1, 1_048_300, 1_048_576, 2_090_000] as const;

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ add: fc.nat(WEIGHTS.length - 1), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ serve: fc.integer({ min: 1, max: 15 }) }),
);

describe.each(backends)('shares of arbitrary arrivals, on $name', ({ missing, start }) => {
  describe.skipIf(missing !== null)('there', () => {
    let backend: Backend;
    let runs = 0;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend?.stop());

    it('Q19: any two tenants with jobs waiting get their shares within a constant, in the order of each', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(event, { minLength: 1, maxLength: 40 }),
          fc.constantFrom(...START),
          async (events, from) => {
            const name = `shares-${(runs += 1)}`;
            const queue = backend.queue(name);
            const fair = fairnessOf({ weight: ({ id }) => WEIGHTS[Number(id)] as number }) as Fairness;
            await addBulk(queue, fair, '0', 1);
            await placed(queue);
            await backend.take(name);
            await backend.setVirtual(name, from);

            const service = new Service();
            for (const one of [...events, { serve: 1_000 }]) {
              if ('add' in one) {
                await addBulk(queue, fair, `${one.add}`, one.count, service.added(one.add, one.count));
                await placed(queue);
                continue;
              }
              for (let index = 0; index < one.serve; index += 1) {
                const taken = await backend.take(name);
                if (!taken) {
                  await backend.quiet(name);
                  break;
                }
                expect(taken.priority).toBeGreaterThan(0);
                expect(taken.priority).toBeLessThanOrEqual(LAST_TAG);
                service.took(Number(taken.tenant), taken.index);
              }
            }
            expect(service.waiting).toEqual(WEIGHTS.map(() => 0));
            await queue.close();
          },
        ),
        { numRuns: 30 },
      );
    }, 60_000);
  });
});

/** Shares as they come out, each of which must be within the bound of start-time fair queueing. */
class Service {
  readonly waiting = WEIGHTS.map(() => 0);
  readonly #added = WEIGHTS.map(() => 0);
  readonly #next = WEIGHTS.map(() => 0);
  /** For each pair that both wait: what one got more than the other, by weight, and the extremes of it since both wait. */
  readonly #pairs = new Map<string, { difference: number; least: number; most: number }>();

  /** The number of the first of them. */
  added(who: number, count: number): number {
    const first = this.#added[who] as number;
    this.#added[who] = first + count;
    this.waiting[who] = (this.waiting[who] as number) + count;
    return first;
  }

  took(who: number, index: number): void {
    expect(index, 'in the order in which the tenant added them').toBe(this.#next[who]);
    this.#next[who] = index + 1;
    WEIGHTS.forEach((weight, one) => {
      WEIGHTS.slice(one + 1).forEach((otherWeight, offset) => {
        const other = one + 1 + offset;
        const key = `${one} ${other}`;
        if (this.waiting[one] === 0 || this.waiting[other] === 0) {
          this.#pairs.delete(key);
          return;
        }
        const pair = this.#pairs.get(key) ?? { difference: 0, least: 0, most: 0 };
        if (who === one) pair.difference += 1 / weight;
        if (who === other) pair.difference -= 1 / otherWeight;
        pair.least = Math.min(pair.least, pair.difference);
        pair.most = Math.max(pair.most, pair.difference);
        this.#pairs.set(key, pair);
        // One job of each; and because priorities are whole numbers, one round at either end.
        expect(pair.most - pair.least).toBeLessThanOrEqual(1 / weight + 1 / otherWeight + 2 + 1e-6);
      });
    });
    this.waiting[who] = (this.waiting[who] as number) - 1;
  }
}

import { once } from 'node:events';
import type { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairness, fairnessOf, type Turn } from '../../src/bullmq/fairness/fairness.js';
import { type Backend, backends, type FairJob } from './backends.js';

const tenant = (id: string) => ({ id, slug: id });

describe.each(backends)('turns between tenants, on $name', ({ missing, start }) => {
  describe.skipIf(missing !== null)('there', () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend?.stop());

    it('Q10: 10,000 jobs of one tenant, then 100 of another: its last is done before the 400th of the first', async () => {
      const queue = backend.queue('hog');
      const fair = fairnessOf(true) as Fairness;
      for (let at = 0; at < 10_000; at += 2_000) await addBulk(queue, fair, 'acme', 2_000, at);
      await addBulk(queue, fair, 'globex', 100);
      const order = await worked(backend, 'hog', 10_100);
      const last = order.findLastIndex((job) => job.tenant === 'globex');
      expect(order.slice(0, last).filter((job) => job.tenant === 'acme').length).toBeLessThan(400);
      expect(order.filter((job) => job.tenant === 'globex')).toHaveLength(100);
      expect(inversions(order)).toBe(0);
    });

    it('Q10: without turns the second tenant waits for all of the first', async () => {
      const queue = backend.queue('fifo');
      for (const [id, count] of [
        ['acme', 300],
        ['globex', 10],
      ] as const)
        await queue.addBulk(jobs(id, count).map(({ name, data }) => ({ name, data })));
      const order = await worked(backend, 'fifo', 310);
      expect(order.findIndex((job) => job.tenant === 'globex')).toBe(300);
    });

    it('Q19: weights 3 : 1 hold within 10 %, with no inversion inside a tenant', async () => {
      const queue = backend.queue('weights');
      const fair = fairnessOf({ weight: ({ id }) => (id === 'acme' ? 3 : 1) }) as Fairness;
      await addBulk(queue, fair, 'globex', 600);
      await addBulk(queue, fair, 'acme', 600);
      const order = await worked(backend, 'weights', 1_200);
      const both = order.slice(0, 600);
      const share = both.filter((job) => job.tenant === 'acme').length / 600;
      expect(share).toBeGreaterThan(0.75 * 0.9);
      expect(share).toBeLessThan(0.75 * 1.1);
      expect(inversions(order)).toBe(0);
    });

    it('Q19: what is added one by one, by many at once and without waiting, has its turns too', async () => {
      const queue = backend.queue('one-by-one');
      const fair = fairnessOf(true) as Fairness;
      const other = fairnessOf(true) as Fairness;
      await Promise.all([
        ...Array.from({ length: 200 }, (_, index) => add(queue, fair, 'acme', index)),
        ...Array.from({ length: 20 }, (_, index) => add(queue, other, 'globex', index)),
      ]);
      const order = await worked(backend, 'one-by-one', 220);
      expect(order.findLastIndex((job) => job.tenant === 'globex')).toBeLessThan(60);
    });

    it('Q20: no priority is 0 or above the last, wherever the virtual time is, and an empty queue begins anew', async () => {
      const queue = backend.queue('limits');
      const fair = fairnessOf({ weight: ({ id }) => (id === 'acme' ? 0.001 : 1000) }) as Fairness;
      const asked = { producer: queue, name: 'limits' };
      expect((await fair.turns(asked, tenant('globex'), 3))[0]?.priority).toBe(1);
      await backend.setVirtual('limits', 2_097_149.5);
      await addBulk(queue, fair, 'acme', 5);
      await addBulk(queue, fair, 'globex', 5);
      await addBulk(queue, fair, 'acme', 1, 5);
      const order = await worked(backend, 'limits', 11);
      expect(inversions(order)).toBe(0);

      await backend.quiet('limits');
      expect(await fair.turns(asked, tenant('globex'), 1)).toEqual([{ priority: 1, tenancyTurn: '0.001 globex' }]);
    });

    it('Q20: tenants with nothing waiting are forgotten', async () => {
      const queue = backend.queue('forgotten');
      const fair = fairnessOf(true) as Fairness;
      for (let index = 0; index < 50; index += 1) await addBulk(queue, fair, `t_${index}`, 1);
      expect(await backend.lanes('forgotten')).toBe(50);
      await worked(backend, 'forgotten', 50);
      await backend.quiet('forgotten');
      await addBulk(queue, fair, 'acme', 1);
      expect(await backend.lanes('forgotten')).toBe(1);
    });
  });
});

function jobs(id: string, count: number, from = 0) {
  return Array.from({ length: count }, (_, index) => ({ name: 'work', data: { tenant: id, index: from + index } }));
}

async function addBulk(queue: Queue, fair: Fairness, id: string, count: number, from = 0): Promise<void> {
  const turns = await fair.turns({ producer: queue, name: queue.name }, tenant(id), count);
  await queue.addBulk(jobs(id, count, from).map((job, index) => ({ ...job, opts: turns[index] as Turn })));
}

async function add(queue: Queue, fair: Fairness, id: string, index: number): Promise<void> {
  const [turn] = await fair.turns({ producer: queue, name: queue.name }, tenant(id), 1);
  await queue.add('work', { tenant: id, index }, turn as Turn);
}

/** The order in which one worker did so many jobs. */
async function worked(backend: Backend, name: string, count: number): Promise<FairJob['data'][]> {
  const order: FairJob['data'][] = [];
  const worker = backend.worker(name, async ({ data }) => order.push(data), {
    autorun: false,
    removeOnComplete: { count: 0 },
  });
  const done = once(worker, 'drained');
  void worker.run();
  while (order.length < count) await Promise.race([done, once(worker, 'completed')]);
  await worker.close();
  return order;
}

const inversions = (order: readonly FairJob['data'][]): number => {
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { tenant: id, index } of order) {
    if ((last.get(id) ?? -1) > index) wrong += 1;
    last.set(id, Math.max(last.get(id) ?? -1, index));
  }
  return wrong;
};

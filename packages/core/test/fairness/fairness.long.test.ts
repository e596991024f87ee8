import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairness, fairnessOf } from '../../src/bullmq/fairness/fairness.js';
import { redisMissing } from '../redis.js';
import { type Backend, backends } from './backends.js';
import { addBulk, inversions, jobs, lastOf, placed, worked } from './queues.js';

/** All of them where that is quick, or where nothing else shows it. */
const many = (name: string): number => (name === 'Redis' || redisMissing !== null ? 10_000 : 2_000);

describe.each(backends)('turns between tenants, on $name', ({ name, missing, start }) => {
  describe.skipIf(missing !== null)('there', () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend?.stop());

    it(`Q10: ${many(name)} jobs of one tenant, then 100 of another: its last is done before the 400th of the first`, async () => {
      const queue = backend.queue('hog');
      const fair = fairnessOf(true) as Fairness;
      for (let at = 0; at < many(name); at += 2_000) await addBulk(queue, fair, 'acme', 2_000, at);
      await addBulk(queue, fair, 'globex', 100);
      await placed(queue);
      const order = await worked(backend, 'hog', many(name) + 100);
      const until = order.slice(0, lastOf(order, 'globex'));
      expect(until.filter((job) => job.tenant === 'acme').length).toBeLessThan(400);
      expect(order.filter((job) => job.tenant === 'globex')).toHaveLength(100);
      expect(inversions(order)).toBe(0);
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

    it('Q10: what is added while a worker is busy has its turn next', async () => {
      const queue = backend.queue('meanwhile');
      const fair = fairnessOf({ weight: () => 2 }) as Fairness;
      await addBulk(queue, fair, 'acme', 300);
      const order = await worked(backend, 'meanwhile', 310, async ({ data }) => {
        if (data.tenant === 'acme' && data.index === 50) await addBulk(queue, fair, 'globex', 10);
      });
      expect(lastOf(order, 'globex')).toBeLessThan(50 + 2 * 32 + 3 * 10);
      expect(inversions(order)).toBe(0);
    });

    it('Q10: without turns the second tenant waits for all of the first', async () => {
      const queue = backend.queue('fifo');
      for (const [id, count] of [
        ['acme', 300],
        ['globex', 10],
      ] as const)
        await queue.addBulk(jobs(id, count));
      expect((await worked(backend, 'fifo', 310)).findIndex((job) => job.tenant === 'globex')).toBe(300);
    });

    it('Q20: no priority is 0 or above the last, wherever the virtual time is, and an empty queue begins anew', async () => {
      const queue = backend.queue('limits');
      const fair = fairnessOf({ weight: ({ id }) => (id === 'acme' ? 0.001 : 1000) }) as Fairness;
      await addBulk(queue, fair, 'acme', 1);
      await placed(queue);
      await backend.setVirtual('limits', 2_097_149.5);
      await addBulk(queue, fair, 'acme', 5, 1);
      await addBulk(queue, fair, 'globex', 5);
      await addBulk(queue, fair, 'acme', 1, 6);
      expect(inversions(await worked(backend, 'limits', 12))).toBe(0);

      await backend.quiet('limits');
      await addBulk(queue, fair, 'acme', 1, 7);
      await placed(queue);
      expect((await backend.take('limits'))?.priority).toBe(1);
    });

    it('Q20: tenants with nothing waiting are forgotten', async () => {
      const queue = backend.queue('forgotten');
      const fair = fairnessOf(true) as Fairness;
      for (let index = 0; index < 50; index += 1) await addBulk(queue, fair, `t_${index}`, 2);
      await placed(queue);
      expect(await backend.lanes('forgotten')).toBe(50);
      await worked(backend, 'forgotten', 100);
      await backend.quiet('forgotten');
      await addBulk(queue, fair, 'acme', 1);
      await placed(queue);
      expect(await backend.lanes('forgotten')).toBe(1);
    });
  });
});

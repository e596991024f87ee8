import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fairness, fairnessOf } from '../../src/bullmq/fairness/fairness.js';
import { LATER } from '../../src/bullmq/fairness/tags.js';
import { type Backend, backends, type FairJob } from './backends.js';
import { addBulk, inversions, jobs, lastOf, laterTurn, placed, worked } from './queues.js';

describe.each(backends)('turns that come later, on $name', ({ missing, start }) => {
  describe.skipIf(missing !== null)('there', () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend?.stop());

    it('Q20: delayed jobs take their turns when they are due, in the order in which they became due', async () => {
      const queue = backend.queue('due');
      const fair = fairnessOf(true) as Fairness;
      const later = await laterTurn(queue, fair, 'acme');
      await addBulk(queue, fair, 'globex', 200);
      await queue.addBulk(
        jobs('acme', 200).map((job) => ({
          ...job,
          opts: { delay: 60_000, ...later },
        })),
      );
      await queue.promoteJobs();
      const order = await worked(backend, 'due', 400);
      expect(lastOf(order, 'globex')).toBeGreaterThan(340);
      expect(lastOf(order.slice(0, 100), 'acme')).toBeGreaterThan(90);
      expect(inversions(order)).toBe(0);
    });

    it('Q20: what is to run later holds up nothing that its tenant adds now', async () => {
      const queue = backend.queue('tonight');
      const fair = fairnessOf(true) as Fairness;
      const later = await laterTurn(queue, fair, 'acme');
      await queue.addBulk(
        jobs('acme', 500).map((job) => ({
          ...job,
          opts: { delay: 3_600_000, ...later },
        })),
      );
      await addBulk(queue, fair, 'globex', 100);
      await addBulk(queue, fair, 'acme', 5, 500);
      expect(lastOf(await worked(backend, 'tonight', 105), 'acme')).toBeLessThan(15);
    });

    it('Q20: priorities of a time that is over are places no more', async () => {
      const queue = backend.queue('stale');
      const fair = fairnessOf(true) as Fairness;
      const later = await laterTurn(queue, fair, 'acme');
      await addBulk(queue, fair, 'globex', 100);
      await placed(queue);
      const stale = { ...later, priority: 1_500_000 };
      await queue.addBulk(jobs('acme', 20).map((job) => ({ ...job, opts: stale })));
      expect(lastOf(await worked(backend, 'stale', 120), 'acme')).toBeLessThan(80);
    });

    it('Q20: priorities that a queue had before stay as they are', async () => {
      const queue = backend.queue('before');
      const fair = fairnessOf(true) as Fairness;
      await queue.addBulk(jobs('acme', 20).map((job, index) => ({ ...job, opts: { priority: 1_000 - index } })));
      await addBulk(queue, fair, 'globex', 1);
      const order = await worked(backend, 'before', 21);
      expect(order.filter((job) => job.tenant === 'acme').map(({ index }) => index)).toEqual(
        Array.from({ length: 20 }, (_, index) => 19 - index),
      );
      expect(lastOf(order, 'globex')).toBeLessThan(20);
    });

    it('Q10: an attempt more is a turn more: a tenant whose jobs all fail holds up no other', async () => {
      const queue = backend.queue('failing');
      const fair = fairnessOf(true) as Fairness;
      await addBulk(queue, fair, 'acme', 60, 0, { attempts: 5 });
      await addBulk(queue, fair, 'globex', 40);
      const order = await worked(backend, 'failing', 60 * 5 + 40, async (job) => {
        if (job.data.tenant === 'globex') return;
        await fair.again(job);
        throw new Error('fails');
      });
      expect(lastOf(order, 'globex')).toBeLessThan(100);
    });

    it('Q20: a turn that nobody of ours wrote stops no other', async () => {
      const queue = backend.queue('forged');
      const fair = fairnessOf(true) as Fairness;
      const forged = [
        '',
        'x',
        '-1 acme',
        '0 acme',
        '1e999 acme',
        'nan acme',
        '. acme',
        7,
        null,
        {},
        { a: 'b' },
        ['1 acme'],
      ];
      await queue.addBulk(
        forged.map((tenancyTurn, index) => ({
          name: 'work',
          data: { tenant: 'acme', index },
          opts: { priority: LATER, tenancyTurn } as object,
        })),
      );
      await addBulk(queue, fair, 'globex', 20);
      expect(await worked(backend, 'forged', forged.length + 20)).toHaveLength(forged.length + 20);
    });

    it('Q20: the virtual time is moved down while jobs wait, and their order stays', async () => {
      const queue = backend.queue('moved');
      const fair = fairnessOf({ weight: ({ id }) => (id === 'initech' ? 0.5 : 1) }) as Fairness;
      await addBulk(queue, fair, 'acme', 1);
      await placed(queue);
      await backend.take('moved');
      await backend.setVirtual('moved', 1_048_570);
      for (const from of [1, 401]) {
        await addBulk(queue, fair, 'acme', 400, from);
        await addBulk(queue, fair, 'globex', 400, from);
        await placed(queue);
      }
      const taken: FairJob['data'][] = [];
      for (let index = 0; index < 20; index += 1) taken.push((await backend.take('moved')) as FairJob['data']);
      expect(await backend.virtual('moved')).toBe(1_048_570);
      await addBulk(queue, fair, 'initech', 50);
      await addBulk(queue, fair, 'acme', 10, 801);
      for (let index = 0; index < 10; index += 1) await addBulk(queue, fair, 'globex', 1, 801 + index);
      await placed(queue);
      expect(await backend.virtual('moved')).toBeLessThan(100);
      const order = [...taken, ...(await worked(backend, 'moved', 1_650))];
      expect(inversions(order)).toBe(0);
      expect(lastOf(order, 'initech')).toBeGreaterThan(200);
      expect(lastOf(order, 'initech')).toBeLessThan(300);
    });
  });
});

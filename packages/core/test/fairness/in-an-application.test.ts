import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job, Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import type { Tenant } from '../../src/index.js';
import { acme, as, finished, globex, type Started, someQueue, start, tenantNow, until } from '../bullmq/application.js';
import { type Backend, eachBackend } from '../bullmq/backends.js';

interface Ran {
  readonly tenant: string;
  readonly index: number;
}

describe('turns of the tenants of an application', () => {
  eachBackend((backend) => {
    it('Q10, Q19: tenants take turns by weight, each in its own order, and each job runs as its own', async () => {
      const { app, queue, ran, run } = await application(backend, { weight: ({ slug }) => (slug === 'acme' ? 3 : 1) });
      for (let from = 0; from < 300; from += 100) await addBulk(queue, acme, 100, from);
      await Promise.all(Array.from({ length: 30 }, (_, index) => as(globex, () => queue.add('work', { index }))));
      await addBulk(queue, acme, 10, 300);
      await run(340);

      const last = ran.findLastIndex(({ tenant }) => tenant === globex.id);
      expect(last).toBeGreaterThan(100 * 0.9);
      expect(last).toBeLessThan(120 * 1.1 + 32);
      for (const { id } of [acme, globex]) {
        const own = ran.filter(({ tenant }) => tenant === id).map(({ index }) => index);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
      await app.close();
    });

    it('Q10: attempts that fail are turns more', async () => {
      const { app, queue, ran, run } = await application(backend, true, ({ opts }) => {
        if (opts.attempts) throw new Error('fails');
      });
      await addBulk(queue, acme, 40, 0, { attempts: 4 });
      await addBulk(queue, globex, 30);
      await run(190);
      expect(ran.findLastIndex(({ tenant }) => tenant === globex.id)).toBeLessThan(110);
      await app.close();
    });

    it('Q10: nothing that a tenant does to its jobs puts them before those of others', async () => {
      const { app, queue, ran, run, worker } = await application(backend, true, ({ data, attemptsStarted }) => {
        if (data.index < 20 && attemptsStarted === 1) throw new Error('fails');
      });
      const ids = Array.from({ length: 20 }, (_, index) => `own-${index}`);
      const own = ids.map((jobId, index) => ({ name: 'work', data: { index }, opts: { jobId } }));
      await as(acme, () => queue.addBulk(own));
      await addBulk(queue, globex, 150, 100);
      await run(80);
      await worker().pause();
      for (const id of ids) await finished(acme, queue, id);
      const before = ran.length;
      // They failed at places that the other has passed since, and is still waiting behind.
      for (const id of ids) await as(acme, async () => (await queue.getJob(id))?.retry('failed'));
      const [job] = await addBulk(queue, acme, 1, 200);
      for (const options of [{ priority: 0 }, { priority: 1 }, { lifo: true }]) {
        await expect(as(acme, async () => job?.changePriority(options))).rejects.toThrow(
          'tenancy_misconfigured: fairness',
        );
      }
      worker().resume();
      await until(() => ran.length >= 191);
      const later = ran.slice(before);
      expect(later.slice(0, 20).filter(({ tenant }) => tenant === globex.id).length).toBeGreaterThan(5);
      expect(later.filter(({ tenant }) => tenant === acme.id)).toHaveLength(21);
      await app.close();
    });

    it('a job whose options are those of another one is one more, with a place of its own', async () => {
      const { app, queue, ran, run } = await application(backend, true);
      const [first] = await addBulk(queue, acme, 1, 1, { attempts: 2 });
      expect(first?.opts).not.toHaveProperty('priority');
      await as(acme, () => queue.add('work', { index: 2 }, first?.opts));
      await run(2);
      expect(ran.map(({ index }) => index)).toEqual([1, 2]);
      await app.close();
    });

    it('Q20: runs of a scheduler and delayed jobs take their turns when they are due', async () => {
      const { app, queue, ran, run } = await application(backend, true);
      await as(acme, () => queue.upsertJobScheduler('often', { every: 1_000, limit: 1 }, { data: { index: 1_000 } }));
      await addBulk(queue, globex, 200);
      await as(acme, () => queue.addBulk(jobs(20, 0, { delay: 1 })));
      await run(221);
      expect(ran.findLastIndex(({ tenant, index }) => tenant === acme.id && index < 1_000)).toBeLessThan(120);
      await app.close();
    });

    it('Q20: a priority of the application is refused where it is given, and in the defaults of a queue', async () => {
      const { app, queue } = await application(backend, true);
      const refused = 'tenancy_misconfigured: fairness';
      await expect(as(acme, () => queue.add('work', {}, { priority: 1 }))).rejects.toThrow(refused);
      await expect(as(acme, () => queue.addBulk(jobs(1, 0, { priority: 1 })))).rejects.toThrow(refused);
      expect(await as(globex, () => queue.add('work', {}, { priority: 0 }))).toBeDefined();
      await app.close();

      const defaults = await application(backend, true, undefined, { defaultJobOptions: { priority: 2 } });
      await expect(as(acme, () => defaults.queue.add('work', {}))).rejects.toThrow(refused);
      await defaults.app.close();
    });
  });
});

const jobs = (count: number, from = 0, opts = {}) =>
  Array.from({ length: count }, (_, index) => ({ name: 'work', data: { index: from + index }, opts }));

const addBulk = (queue: Queue, tenant: Tenant, count: number, from = 0, opts = {}) =>
  as(tenant, () => queue.addBulk(jobs(count, from, opts)));

/** An application with one worker, which begins when it is told to. */
async function application(
  backend: Backend,
  fairness: true | { weight: (tenant: Tenant) => number },
  fails: (job: Job<{ index: number }>) => void = () => {},
  register: object = {},
) {
  const name = someQueue();
  const ran: Ran[] = [];

  @Processor(name, { autorun: false })
  class Work extends WorkerHost {
    async process(job: Job<{ index: number }>): Promise<void> {
      ran.push({ tenant: tenantNow(), index: job.data.index });
      fails(job);
    }
  }
  const app: Started = await start(backend, { queue: name, providers: [Work], bull: { fairness }, register });
  const run = async (count: number): Promise<void> => {
    void app.module.get(Work).worker.run();
    await until(() => ran.length >= count);
  };
  return { app, queue: app.queue<{ index: number }>() as Queue, ran, run, worker: () => app.module.get(Work).worker };
}

import { randomUUID } from 'node:crypto';
import { BullModule, getFlowProducerToken, Processor, WorkerHost } from '@nestjs/bullmq';
import type { FlowProducer, Job, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { TenantQueueAdmin } from '../../src/admin.js';
import { poolOf } from '../../src/bullmq/fairness/backend.js';
import { redisUrl } from '../redis.js';
import { acme, as, globex, type Started, someQueue, start, tenantNow, until } from './application.js';
import { eachBackend } from './backends.js';

const reason = 'account closed, ticket 4711';
const both = [acme, globex] as const;
const HOUR = 3_600_000;

eachBackend((backend) => {
  let started: Started;
  afterEach(() => started.close());

  async function open(bull = {}): Promise<{ queue: Queue; admin: TenantQueueAdmin; release: () => void }> {
    const name = someQueue();
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    @Processor(name, { concurrency: 8 })
    class Mails extends WorkerHost {
      async process(job: Job): Promise<string> {
        if (job.name === 'long') await released;
        if (job.name === 'bad') throw new Error('bounced');
        return `of ${tenantNow()}`;
      }
    }
    started = await start(backend, {
      queue: name,
      providers: [Mails],
      imports: [BullModule.registerFlowProducer({ name: 'flows' })],
      bull,
    });
    return { queue: started.queue(), admin: started.module.get(TenantQueueAdmin), release };
  }

  /** A job in each state that a queue knows, and a scheduler, of both tenants in turn. */
  async function fill(queue: Queue): Promise<void> {
    const flows = started.module.get<FlowProducer>(getFlowProducerToken('flows'), { strict: false });
    for (const tenant of both) {
      await as(tenant, async () => {
        await queue.add('good', {}, { jobId: 'completed' });
        await queue.add('bad', {}, { jobId: 'failed' });
        await queue.add('later', {}, { jobId: 'delayed', delay: HOUR });
        await queue.add('later', {}, { delay: HOUR });
        await queue.upsertJobScheduler('nightly', { every: HOUR }, { name: 'good' });
        const child = { name: 'later', queueName: queue.name, opts: { delay: HOUR } };
        await flows.add({ name: 'parent', queueName: queue.name, children: [child] });
        const ended = async (id: string) => (await (await queue.getJob(id))?.getState()) ?? 'none';
        await until(async () => (await ended('completed')) === 'completed' && (await ended('failed')) === 'failed');
      });
    }
    const [first] = await raw(queue, (jobs) => jobs.getJobSchedulers());
    // Its first run is at once, and the next one is there when that has ended.
    await until(async () => Boolean(first) && (await raw(queue, (jobs) => jobs.getActiveCount())) === 0);
    await raw(queue, (jobs) => jobs.pause());
    for (const tenant of both) {
      await as(tenant, async () => {
        await queue.add('good', {}, { jobId: 'waiting' });
        await queue.add('good', {}, { jobId: 'urgent', priority: 3 });
      });
    }
  }

  const raw = <R>(queue: Queue, fn: (queue: Queue) => Promise<R>): Promise<R> =>
    started.module.get(TenantQueueAdmin).acrossTenants({ reason }, queue, fn);

  /** Ids and schedulers of a tenant, as they are stored. */
  async function left(queue: Queue, tenant: (typeof both)[number]): Promise<string[]> {
    return await raw(queue, async (all) => {
      const jobs = await all.getJobs();
      const stamp = `v1.${Buffer.from(tenant.id).toString('base64url')}`;
      const own = jobs.filter(({ opts }) => String((opts as { tenancy?: string }).tenancy).startsWith(stamp));
      const schedulers = await all.getJobSchedulers();
      return [
        ...own.map(({ id }) => String(id)),
        ...schedulers
          .map(({ key }) => key)
          .filter((key) => key.startsWith(Buffer.from(tenant.id).toString('base64url'))),
      ].toSorted();
    });
  }

  for (const [signed, bull] of [
    ['without a secret', {}],
    ['with a secret', { secret: randomUUID() }],
  ] as const) {
    it(`removes a tenant's jobs in every state and its schedulers, and none of another tenant's, ${signed}`, async () => {
      const { queue, admin } = await open(bull);
      await fill(queue);
      const [own, others] = [await left(queue, acme), await left(queue, globex)];
      expect(own.length).toBeGreaterThanOrEqual(10);
      expect(others).toHaveLength(own.length);
      expect(await admin.deleteAll(acme.id, queue, { reason })).toBeGreaterThanOrEqual(own.length - 2);
      expect(await left(queue, acme)).toEqual([]);
      expect(await left(queue, globex)).toEqual(others);
      expect(await admin.deleteAll(acme.id, queue, { reason })).toBe(0);
    });
  }

  it('says that jobs are running, removes all others, and the rest when it is called again', async () => {
    const { queue, admin, release } = await open();
    for (const tenant of both) {
      await as(tenant, async () => {
        await queue.add('long', {}, { jobId: 'long' });
        await queue.add('later', {}, { delay: HOUR });
      });
    }
    await until(async () => (await raw(queue, (jobs) => jobs.getActiveCount())) === 2);
    await expect(admin.deleteAll(acme.id, queue, { reason })).rejects.toMatchObject({ code: 'tenant_jobs_running' });
    expect(await left(queue, acme)).toHaveLength(1);
    release();
    await until(async () => (await raw(queue, (jobs) => jobs.getActiveCount())) === 0);
    expect(await admin.deleteAll(acme.id, queue, { reason })).toBe(1);
    expect(await left(queue, acme)).toEqual([]);
    expect(await left(queue, globex)).toHaveLength(2);
  });

  it('ends while jobs of the tenant go on coming, says so, and removes all when they do not', async () => {
    const { queue, admin } = await open();
    await raw(queue, (jobs) => jobs.pause());
    await as(acme, () => queue.addBulk(Array.from({ length: 600 }, () => ({ name: 'good', data: {} }))));
    let isAdding = true;
    // Faster than one by one is removed.
    const add = async (tenant: (typeof both)[number], at: number) => {
      while (isAdding)
        await as(tenant, () => queue.addBulk(Array.from({ length: at }, () => ({ name: 'good', data: {} }))));
    };
    const adding = [add(acme, 5), add(globex, 1)];
    await expect(admin.deleteAll(acme.id, queue, { reason })).rejects.toMatchObject({
      code: 'tenant_jobs_added',
      message: expect.stringMatching(/were removed, and \d+ came meanwhile\. Suspend the tenant/),
    });
    isAdding = false;
    await Promise.all(adding);
    const others = await left(queue, globex);
    expect(await admin.deleteAll(acme.id, queue, { reason })).toBeGreaterThan(0);
    expect(await left(queue, acme)).toEqual([]);
    expect(await left(queue, globex)).toEqual(others);
  }, 120_000);

  it('does not call those running that a worker has just begun, and ends beside one that is at work', async () => {
    const { queue, admin } = await open();
    for (const tenant of both) {
      await as(tenant, () => queue.addBulk(Array.from({ length: 300 }, () => ({ name: 'good', data: {} }))));
    }
    const answers: unknown[] = [];
    do {
      answers.push(await admin.deleteAll(acme.id, queue, { reason }).catch(({ code }) => code));
      // Jobs that do nothing end, so that a call finds none before long.
    } while (typeof answers.at(-1) !== 'number' && answers.length < 5);
    expect(answers.at(-1)).toEqual(expect.any(Number));
    expect(answers).not.toContain('tenant_jobs_added');
    expect(await left(queue, acme)).toEqual([]);
    await until(async () => (await raw(queue, (jobs) => jobs.getCompletedCount())) === 300);
  });

  it('takes the tenant out of the turns of a fair queue, and leaves the others their places', async () => {
    const { queue, admin } = await open({ fairness: true });
    await raw(queue, (jobs) => jobs.pause());
    for (let n = 0; n < 5; n++) for (const tenant of both) await as(tenant, () => queue.add('good', { n }));
    const lanes = async (): Promise<string[]> => {
      const pool = await raw(queue, async (jobs) => poolOf(jobs));
      if (pool) {
        const { rows } = await pool.query('select lane from tenancy_fair_lane where queue = $1', [queue.name]);
        return rows.map(({ lane }) => String(lane)).toSorted();
      }
      const client = new Redis(redisUrl.href);
      const prefix = String(backend.options().prefix);
      return (
        await client.zrange(`${prefix}:${queue.name}:tenancy-fair-lanes`, '0', '-1').finally(() => client.quit())
      ).toSorted();
    };
    const [own, others] = both.map(({ id }) => Buffer.from(id).toString('base64url')) as [string, string];
    await until(async () => (await lanes()).length === 2);
    expect(await lanes()).toEqual([own, others].toSorted());
    await admin.deleteAll(acme.id, queue, { reason });
    expect(await lanes()).toEqual([others]);
    await raw(queue, (jobs) => jobs.resume());
    await until(async () => (await raw(queue, (jobs) => jobs.getCompletedCount())) === 5);
    expect(await lanes()).not.toContain(own);
  });

  it('removes jobs that were made before there was a secret, which nobody may run', async () => {
    const name = someQueue();
    started = await start(backend, { queue: name });
    for (const tenant of both) await as(tenant, () => started.queue().add('later', {}, { delay: HOUR }));
    await started.close();
    started = await start(backend, { queue: name, bull: { secret: randomUUID() } });
    expect(await started.module.get(TenantQueueAdmin).deleteAll(acme.id, started.queue(), { reason })).toBe(1);
    expect(await left(started.queue(), globex)).toHaveLength(1);
  });

  it('asks for a reason, an id of a tenant, and a queue of ours', async () => {
    const { queue, admin } = await open();
    await as(acme, () => queue.add('later', {}, { delay: HOUR }));
    const refused = { code: 'tenancy_misconfigured' };
    await expect(admin.deleteAll(acme.id, queue, { reason: '' })).rejects.toMatchObject(refused);
    for (const id of ['', undefined, 7, 'a\0b']) {
      await expect(admin.deleteAll(id as string, queue, { reason })).rejects.toMatchObject(refused);
    }
    await expect(admin.deleteAll(acme.id, { name: 'mails' }, { reason })).rejects.toMatchObject(refused);
    expect(await admin.deleteAll('t_ac', queue, { reason })).toBe(0);
    expect(await left(queue, acme)).toHaveLength(1);
  });
});

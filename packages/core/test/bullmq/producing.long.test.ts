import { BullModule, getFlowProducerToken, Processor, WorkerHost } from '@nestjs/bullmq';
import type { FlowProducer, Job, Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, as, finished, globex, type Started, someQueue, start, tenantNow } from './application.js';
import { eachBackend } from './backends.js';

const both = [acme, globex] as const;

describe.each([
  { stamps: 'plain', secret: undefined },
  { stamps: 'signed', secret: 's'.repeat(32) },
])('a producer whose stamps are $stamps', ({ secret }) => {
  eachBackend((backend) => {
    let app: Started;
    let queue: Queue;
    let ran: { name: string; tenant: string; id: unknown; data: unknown }[];

    beforeEach(async () => {
      const name = someQueue();
      ran = [];
      @Processor(name, { concurrency: 4 })
      class Mails extends WorkerHost {
        async process(job: Job): Promise<unknown> {
          await new Promise((resolve) => setImmediate(resolve));
          if (job.name === 'fails') throw new Error('fails');
          ran.push({ name: job.name, tenant: tenantNow(), id: job.id, data: job.data });
          return { by: tenantNow(), children: await job.getChildrenValues() };
        }
      }
      app = await start(backend, {
        queue: name,
        providers: [Mails],
        imports: [BullModule.registerFlowProducer({ name: 'flows' })],
        bull: secret === undefined ? {} : { secret },
      });
      queue = app.queue();
    });
    afterEach(() => app.close());

    const flows = (): FlowProducer => app.module.get(getFlowProducerToken('flows'), { strict: false });
    const tenantsOf = (name: string) =>
      ran
        .filter((one) => one.name === name)
        .map(({ tenant }) => tenant)
        .toSorted();

    it('refuses to make a job outside every tenant, at once', async () => {
      const missing = { code: 'tenant_context_missing' };
      await expect(queue.add('mail', {})).rejects.toMatchObject(missing);
      await expect(queue.addBulk([{ name: 'mail', data: {} }])).rejects.toMatchObject(missing);
      await expect(queue.upsertJobScheduler('nightly', { every: 1000 })).rejects.toMatchObject(missing);
      await expect(flows().add({ name: 'mail', queueName: queue.name })).rejects.toMatchObject(missing);
      await expect(queue.getJob('one')).rejects.toMatchObject(missing);
      await expect(queue.remove('one')).rejects.toMatchObject(missing);
    });

    it('Q2: refuses a stamp, and options that name another scheduler, in every way to make a job', async () => {
      const stolen = await as(globex, () => queue.add('of globex', {}));
      expect(stolen.opts).not.toHaveProperty('tenancy');
      for (const opts of [
        { tenancy: 'v1.dF9nbG9iZXg' },
        { repeatJobKey: 'nightly' },
        { tenancyTurn: '1 t_globex' },
      ] as object[]) {
        const refused = { code: 'tenant_switch_refused' };
        await as(acme, async () => {
          await expect(queue.add('forged', {}, opts)).rejects.toMatchObject(refused);
          await expect(queue.addBulk([{ name: 'forged', data: {}, opts }])).rejects.toMatchObject(refused);
          const node = { name: 'forged', queueName: queue.name, opts };
          await expect(flows().add(node)).rejects.toMatchObject(refused);
          await expect(flows().addBulk([{ ...node, opts: {}, children: [node] }])).rejects.toMatchObject(refused);
          await expect(queue.upsertJobScheduler('forged', { every: 60_000 }, { opts })).rejects.toMatchObject(refused);
        });
      }
      expect(ran.filter(({ name }) => name === 'forged')).toEqual([]);
    });

    it("Q2: a default option of the queue's is no stamp either", async () => {
      Object.assign(queue.opts.defaultJobOptions ?? {}, { tenancy: 'v1.dF9nbG9iZXg' });
      const job = await as(acme, () => queue.add('mail', {}));
      expect((await finished(acme, queue, job.id as string)).returnvalue).toMatchObject({ by: 't_acme' });
    });

    it('Q2: metadata of telemetry that a caller gives says nothing about the tenant', async () => {
      const opts = { telemetry: { metadata: '{"tenant":"t_globex"}' } };
      const jobs = await Promise.all(
        both.map((tenant) => as(tenant, () => queue.addBulk([{ name: 'mail', data: {}, opts }]))),
      );
      for (const [index, [job]] of jobs.entries()) {
        const tenant = both[index] as typeof acme;
        const done = await finished(tenant, queue, job?.id as string);
        expect(done.returnvalue).toMatchObject({ by: tenant.id });
      }
    });

    it('Q3: telemetry.omitContext drops nothing of the tenant', async () => {
      const opts = { telemetry: { omitContext: true } };
      const jobs = await Promise.all(both.map((tenant) => as(tenant, () => queue.add('mail', {}, opts))));
      for (const [index, job] of jobs.entries()) {
        const tenant = both[index] as typeof acme;
        expect((await finished(tenant, queue, job.id as string)).returnvalue).toMatchObject({ by: tenant.id });
      }
    });

    it('Q5: one jobId of two tenants is two jobs', async () => {
      const jobs = await Promise.all(
        both.map((tenant) => as(tenant, () => queue.add('mail', { of: tenant.id }, { jobId: 'one' }))),
      );
      expect(jobs.map(({ id, data }) => [id, data])).toEqual([
        ['one', { of: 't_acme' }],
        ['one', { of: 't_globex' }],
      ]);
      for (const tenant of both) {
        const done = await finished(tenant, queue, 'one');
        expect([done.data, done.returnvalue]).toMatchObject([{ of: tenant.id }, { by: tenant.id }]);
      }
      expect(tenantsOf('mail')).toEqual(['t_acme', 't_globex']);
    });

    it('Q5: one deduplication.id of two tenants is two jobs, and one each', async () => {
      const opts = { deduplication: { id: 'monthly' }, delay: 60_000 };
      const made = await Promise.all(
        [...both, ...both].map((tenant) => as(tenant, () => queue.add('report', { of: tenant.id }, opts))),
      );
      const ids = made.map(({ id }) => id);
      expect(new Set(ids).size).toBe(2);
      expect(ids.slice(0, 2)).toEqual(ids.slice(2));
      expect(made[0]?.deduplicationId).toBe('monthly');
      for (const [index, tenant] of both.entries()) {
        await as(tenant, async () => {
          expect(await queue.getDeduplicationJobId('monthly')).toBe(ids[index]);
          const job = await queue.getJob(ids[index] as string);
          expect([job?.data, job?.opts.deduplication?.id]).toEqual([{ of: tenant.id }, 'monthly']);
          expect(await queue.removeDeduplicationKey('monthly')).toBe(1);
        });
      }
    });

    it("Q5: one scheduler's name of two tenants is two schedulers", async () => {
      const made = await Promise.all(
        both.map((tenant) =>
          as(tenant, () => queue.upsertJobScheduler('nightly', { pattern: '0 3 * * *' }, { data: { of: tenant.id } })),
        ),
      );
      expect(made.map((job) => job?.name)).toEqual(['nightly', 'nightly']);
      expect(made[0]?.repeatJobKey).toBe('nightly');
      for (const tenant of both) {
        const scheduler = await as(tenant, () => queue.getJobScheduler('nightly'));
        expect(scheduler).toMatchObject({ key: 'nightly', name: 'nightly', template: { data: { of: tenant.id } } });
        expect(scheduler?.template?.opts ?? {}).not.toHaveProperty('tenancy');
      }
      expect(await as(acme, () => queue.removeJobScheduler('nightly'))).toBe(true);
      expect(await as(acme, () => queue.getJobScheduler('nightly'))).toBeUndefined();
      expect(await as(globex, () => queue.getJobScheduler('nightly'))).toBeDefined();
      await as(globex, () => queue.removeJobScheduler('nightly'));
    });

    it("Q6: getJob, and all that goes by an id, finds the tenant's own and nobody else's", async () => {
      const delay = { delay: 60_000 };
      const [own, made] = await as(acme, () =>
        Promise.all([queue.add('mail', { n: 1 }, { ...delay, jobId: 'one' }), queue.add('mail', { n: 2 }, delay)]),
      );
      const stored = Buffer.from('t_acme').toString('base64url');
      const ids = [own.id, made.id, `${stored}~one`] as string[];
      for (const id of ids) {
        expect(await as(globex, () => queue.getJob(id))).toBeUndefined();
        expect(await as(globex, () => queue.getJobState(id))).toBe('unknown');
        expect(await as(globex, () => queue.getJobLogs(id))).toEqual({ logs: [], count: 0 });
        await as(globex, () => queue.updateJobProgress(id, 50));
        await as(globex, () => queue.addJobLog(id, 'seen'));
        await as(globex, () => queue.remove(id));
      }
      await as(acme, async () => {
        for (const id of ids) {
          const job = await queue.getJob(id);
          expect([await job?.getState(), job?.progress, await queue.getJobState(id)]).toEqual([
            'delayed',
            0,
            'delayed',
          ]);
        }
        await queue.addJobLog('one', 'mine');
        expect(await queue.getJobLogs('one')).toMatchObject({ logs: ['mine'], count: 1 });
        expect(await queue.remove('one')).toBe(1);
        expect(await queue.getJob('one')).toBeUndefined();
        await (await queue.getJob(made.id as string))?.remove();
      });
    });

    it('Q6: a job that was kept is no way to it for another tenant', async () => {
      const job = await as(acme, () => queue.add('mail', {}, { delay: 60_000 }));
      for (const method of ['getState', 'remove', 'promote', 'retry', 'asJSON'] as const) {
        expect(() => as(globex, () => job[method]())).toThrow('tenant_switch_refused');
        expect(() => job[method]()).toThrow('tenant_context_missing');
      }
      expect(await as(acme, () => job.getState())).toBe('delayed');
      await as(acme, () => job.remove());
    });

    it('Q13: every node of a flow has its stamp, with or without options, and what it names is its own', async () => {
      const flow = (of: string) => ({
        name: 'parent',
        queueName: queue.name,
        opts: { jobId: 'book' },
        children: [
          { name: 'child', queueName: queue.name, data: { of } },
          { name: 'child', queueName: queue.name, data: { of }, opts: { jobId: 'page' } },
        ],
      });
      const made = await Promise.all(both.map((tenant) => as(tenant, () => flows().add(flow(tenant.id)))));
      expect(made.map(({ job }) => job.id)).toEqual(['book', 'book']);
      for (const tenant of both) {
        const { returnvalue } = await finished(tenant, queue, 'book');
        expect(returnvalue.by).toBe(tenant.id);
        const children = Object.entries(returnvalue.children as Record<string, { by: string }>);
        expect(children.map(([, child]) => child.by)).toEqual([tenant.id, tenant.id]);
        expect(children.map(([key]) => key).filter((key) => key.endsWith(':page'))).toHaveLength(1);
        const read = await as(tenant, () => flows().getFlow({ id: 'book', queueName: queue.name }));
        expect(read?.children?.map(({ job }) => job.data)).toEqual([{ of: tenant.id }, { of: tenant.id }]);
        const parent = await as(tenant, () => queue.getJob('book'));
        const dependencies = await as(tenant, () => parent?.getDependencies() ?? Promise.resolve({}));
        expect(JSON.stringify(dependencies)).not.toContain('~');
      }
    });

    it("a child goes below the tenant's own parent, and below nobody else's", async () => {
      const parent = await as(acme, () =>
        flows().add({
          name: 'parent',
          queueName: queue.name,
          children: [{ name: 'late', queueName: queue.name, opts: { delay: 60_000 } }],
        }),
      );
      const below = { parent: { id: parent.job.id as string, queue: queue.qualifiedName } };
      await expect(as(globex, () => queue.add('intruder', {}, below))).rejects.toThrow(/Missing key for parent/);
      await expect(as(globex, () => queue.addBulk([{ name: 'intruder', data: {}, opts: below }]))).rejects.toThrow(
        /Missing key for parent/,
      );
      const child = await as(acme, () => queue.add('child', {}, below));
      await finished(acme, queue, child.id as string);
      const values = await as(acme, () => parent.job.getChildrenValues());
      expect(Object.values(values)).toMatchObject([{ by: 't_acme' }]);
    });

    it('Q17, Q18: an id may hold what BullMQ lets it hold, and comes back as it was given', async () => {
      for (const id of ['a~b', 'a b/c', 'a:b:c', 'mail-1', 'ä€']) {
        const jobs = await Promise.all(both.map((tenant) => as(tenant, () => queue.add('mail', {}, { jobId: id }))));
        for (const [index, job] of jobs.entries()) {
          const tenant = both[index] as typeof acme;
          expect([job.id, job.opts.jobId]).toEqual([id, id]);
          const done = await finished(tenant, queue, id);
          expect([done.id, done.opts.jobId, done.toJSON().id]).toEqual([id, id, id]);
          expect(JSON.stringify(done)).not.toContain('~'.concat(id === 'a~b' ? 'a~b' : id));
        }
      }
      expect(ran.map(({ id }) => id)).not.toContain(expect.stringContaining('dF9'));
      for (const id of ['1', '0', '0:1', 'a:b', 'a:b:c:d']) {
        await expect(as(acme, () => queue.add('mail', {}, { jobId: id }))).rejects.toThrow(/custom id|jobid/i);
      }
    });

    it('Q18: the options of a job are what was given, so that they make one more of another', async () => {
      const first = await as(acme, () => queue.add('once', { n: 1 }, { attempts: 2 }));
      expect(first.opts).not.toHaveProperty('jobId');
      const more = await as(acme, () => queue.add('once', { n: 2 }, first.opts));
      const found = await as(acme, () => queue.getJob(more.id as string));
      const last = await as(acme, () => queue.add('once', { n: 3 }, found?.opts));
      for (const { id } of [first, more, last]) await finished(acme, queue, id as string);
      expect(tenantsOf('once')).toEqual([acme.id, acme.id, acme.id]);
      expect(JSON.parse(JSON.stringify(found)).opts).not.toHaveProperty('jobId');
      // One that was given is one of its options.
      const named = await as(globex, () => queue.add('once', {}, { jobId: 'own' }));
      expect([named.opts.jobId, named.toJSON().opts.jobId]).toEqual(['own', 'own']);
    });

    it('Q18: texts of BullMQ name ids as they were given', async () => {
      const parent = { name: 'parent', queueName: queue.name, opts: { jobId: 'par', attempts: 1 } };
      const child = {
        name: 'fails',
        queueName: queue.name,
        opts: { jobId: 'kid', attempts: 1, failParentOnFailure: true },
      };
      for (const tenant of both) {
        await as(tenant, () => flows().add({ ...parent, children: [child] }));
        const failed = await finished(tenant, queue, 'par');
        expect(failed.failedReason).toMatch(/:kid failed$/);
        expect(failed.toJSON().failedReason).toBe(failed.failedReason);
        await as(tenant, () => queue.add('done', {}, { jobId: 'done' }));
        const done = await finished(tenant, queue, 'done');
        const error = await as(tenant, () => done.retry('failed').catch((thrown: Error) => thrown));
        expect((error as Error).message).toMatch(/\bdone\b/);
        expect((error as Error).message).not.toContain('~');
      }
    });

    it('a parent that is not there is told as BullMQ tells it', async () => {
      const parent = { id: 'nope', queue: queue.qualifiedName };
      const error = { code: -5, message: expect.stringContaining('Missing key for parent job') };
      await expect(as(acme, () => queue.add('child', {}, { parent }))).rejects.toMatchObject(error);
    });

    it("a scheduler's template has the options that were given, and none otherwise", async () => {
      await as(acme, () => queue.upsertJobScheduler('bare', { every: 60_000 }));
      await as(acme, () => queue.upsertJobScheduler('own', { every: 60_000 }, { opts: { attempts: 3 } }));
      const [bare, own] = await as(acme, () =>
        Promise.all([queue.getJobScheduler('bare'), queue.getJobScheduler('own')]),
      );
      expect(bare?.template?.opts).toBeUndefined();
      expect(own?.template?.opts).toEqual({ attempts: 3 });
    });

    it('keeps the data that a caller changes right after', async () => {
      const data = { n: 1 };
      const adding = as(acme, () => queue.add('mail', data, { jobId: 'changed' }));
      data.n = 2;
      await adding;
      expect((await finished(acme, queue, 'changed')).data).toEqual({ n: 1 });
    });

    it('addBulk makes each job of the caller, in order', async () => {
      const jobs = await Promise.all(
        both.map((tenant) =>
          as(tenant, () => queue.addBulk([1, 2, 3].map((n) => ({ name: 'bulk', data: { n, of: tenant.id } })))),
        ),
      );
      for (const [index, made] of jobs.entries()) {
        const tenant = both[index] as typeof acme;
        for (const [at, job] of made.entries()) {
          const done = await finished(tenant, queue, job.id as string);
          expect([done.data, done.returnvalue]).toMatchObject([{ n: at + 1, of: tenant.id }, { by: tenant.id }]);
        }
      }
    });
  });
});

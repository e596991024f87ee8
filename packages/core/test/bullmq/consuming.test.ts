import {
  OnQueueEvent,
  OnWorkerEvent,
  Processor,
  QueueEventsHost,
  QueueEventsListener,
  WorkerHost,
} from '@nestjs/bullmq';
import { Inject, Injectable, Logger, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { Job } from 'bullmq';
import { afterEach, expect, it, vi } from 'vitest';
import { TenantQueueAdmin } from '../../src/admin.js';
import { type CachedTenantRegistry, type Tenant, TenantRegistry, Untenanted } from '../../src/index.js';
import { acme, as, finished, globex, type Started, someQueue, start, tenantNow, until } from './application.js';
import { eachBackend } from './backends.js';

const both = [acme, globex] as const;

eachBackend((backend) => {
  let app: Started;
  afterEach(async () => {
    vi.restoreAllMocks();
    await app.close();
  });

  /** Writes a job as somebody does who can reach the datastore. */
  const write = (queue: string, opts: object) =>
    app.module
      .get(TenantQueueAdmin, { strict: false })
      .acrossTenants({ reason: 'an attack' }, app.queue(queue), (raw) =>
        raw.add('written', {}, { attempts: 3, ...opts }),
      );

  const failure = async (queue: string, id: string) =>
    await app.module
      .get(TenantQueueAdmin, { strict: false })
      .acrossTenants({ reason: 'a look' }, app.queue(queue), async (raw) => {
        await until(async () => ['failed', 'completed'].includes((await (await raw.getJob(id))?.getState()) ?? ''));
        const job = await raw.getJob(id);
        return { state: await job?.getState(), reason: job?.failedReason, attempts: job?.attemptsMade };
      });

  it('Q1: a loop that was started inside a tenant runs nothing as that tenant', async () => {
    const queue = someQueue();
    const ran: string[] = [];
    @Processor(queue)
    class Mails extends WorkerHost {
      async process(): Promise<void> {
        ran.push(tenantNow());
      }
    }
    app = await as(globex, () => start(backend, { queue, providers: [Mails] }));
    const unstamped = await write(queue, {});
    expect(await failure(queue, unstamped.id as string)).toEqual({
      state: 'failed',
      reason: 'tenant_required',
      attempts: 1,
    });
    const own = await as(acme, () => app.queue().add('mail', {}));
    await finished(acme, app.queue(), own.id as string);
    expect(ran).toEqual(['t_acme']);
  });

  it.each([
    ['no stamp', {}, 'tenant_required'],
    ['a forged one', { tenancy: 'v1.' }, 'tenant_required'],
    ['one that is no text', { tenancy: { id: 't_acme' } }, 'tenant_required'],
    ['one of a tenant that nobody knows', { tenancy: 'v1.dF9nb25l' }, 'tenant_required'],
  ])('refuses a job with %s, once, visibly, and holds up nothing', async (_, opts, code) => {
    const queue = someQueue();
    const ran: string[] = [];
    @Processor(queue)
    class Mails extends WorkerHost {
      async process(job: Job): Promise<void> {
        ran.push(`${job.name} ${tenantNow()}`);
      }
    }
    app = await start(backend, { queue, providers: [Mails] });
    const lines: string[] = [];
    vi.spyOn(Logger.prototype, 'error').mockImplementation((line) => void lines.push(String(line)));
    const bad = await write(queue, opts);
    const good = await as(acme, () => app.queue().add('mail', {}));
    expect(await failure(queue, bad.id as string)).toEqual({ state: 'failed', reason: code, attempts: 1 });
    await finished(acme, app.queue(), good.id as string);
    expect(ran).toEqual(['mail t_acme']);
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^job ${bad.id} of queue "${queue}" was refused: ${code}: .+\\.$`)),
    ]);
  });

  it.each([
    ['suspended', { ...acme, status: 'suspended' }, 'tenant_inactive', 1],
    ['deleted', null, 'tenant_required', 1],
    ['not to be looked up', new Error('down'), 'tenant_registry_unavailable', 3],
  ] as const)('looks the tenant up again: one that is %s meanwhile', async (_, changed, code, attempts) => {
    const queue = someQueue();
    const ran: string[] = [];
    @Processor(queue)
    class Mails extends WorkerHost {
      async process(): Promise<void> {
        ran.push(tenantNow());
      }
    }
    app = await start(backend, { queue, providers: [Mails] });
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    app.tenants.changed.set('t_acme', changed);
    const [bad, good] = await Promise.all(
      both.map((tenant) => as(tenant, () => app.queue().add('mail', {}, { attempts: 3 }))),
    );
    expect(await failure(queue, bad?.id as string)).toEqual({ state: 'failed', reason: code, attempts });
    await finished(globex, app.queue(), good?.id as string);
    expect(ran).toEqual(['t_globex']);
    if (changed instanceof Error) return;
    app.tenants.changed.clear();
    const job = await as(acme, () => app.queue().getJob(bad?.id as string));
    await as(acme, () => job?.retry());
    await until(() => ran.length === 2);
    expect(ran).toEqual(['t_globex', 't_acme']);
  });

  it('Q1, Q4: a tenant that is remembered is looked up there: jobs run, and are told, as it, and are refused once it is suspended', async () => {
    const queue = someQueue();
    const seen: string[] = [];
    @Processor(queue, { concurrency: 2 })
    class Mails extends WorkerHost {
      async process(job: Job): Promise<void> {
        seen.push(`runs ${job.data} ${tenantNow()}`);
        await new Promise(setImmediate);
        seen.push(`ran ${job.data} ${tenantNow()}`);
      }
      @OnWorkerEvent('active') onActive(job: Job): void {
        seen.push(`active ${job.data} ${tenantNow()}`);
      }
      @OnWorkerEvent('completed') onCompleted(job: Job): void {
        seen.push(`completed ${job.data} ${tenantNow()}`);
      }
    }
    app = await start(backend, { queue, providers: [Mails], cached: true });
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const add = (tenant: Tenant) => as(tenant, () => app.queue().add('mail', tenant.id));
    const completed = () => seen.filter((line) => line.startsWith('completed')).length;
    await Promise.all(both.map(add));
    await until(() => completed() === 2);
    const asked = vi.spyOn(app.tenants, 'findById');
    await Promise.all([acme, globex, acme, globex].map(add));
    await until(() => completed() === 6);
    expect(asked).not.toHaveBeenCalled();
    const lines = (tenant: Tenant) =>
      ['active', 'runs', 'ran', 'completed'].map((at) => `${at} ${tenant.id} ${tenant.id}`);
    expect(new Set(seen)).toEqual(new Set(both.flatMap(lines)));

    app.tenants.changed.set('t_acme', { ...acme, status: 'suspended' });
    (app.module.get(TenantRegistry) as CachedTenantRegistry).invalidate('t_acme');
    for (const remembered of [false, true]) {
      const bad = await add(acme);
      expect(await failure(queue, bad.id as string), `remembered: ${remembered}`).toMatchObject({
        state: 'failed',
        reason: 'tenant_inactive',
      });
    }
    expect(asked).toHaveBeenCalledTimes(1);
    await add(globex);
    await until(() => completed() === 7);
    expect(seen.filter((line) => line === 'runs t_acme t_acme')).toHaveLength(3);
  });

  it("Q4: events of a worker are told as the job's tenant, with the ids that it gave", async () => {
    const queue = someQueue();
    const told: string[] = [];
    const tell = (event: string, job: Job) => void told.push(`${event} ${job.name} ${job.id} ${tenantNow()}`);
    @Processor(queue, { concurrency: 2 })
    class Mails extends WorkerHost {
      async process(job: Job): Promise<void> {
        await job.updateProgress(50);
        if (job.name === 'bad') throw new Error('bounced');
      }
      @OnWorkerEvent('active') onActive(job: Job): void {
        tell('active', job);
      }
      @OnWorkerEvent('progress') onProgress(job: Job): void {
        tell('progress', job);
      }
      @OnWorkerEvent('completed') onCompleted(job: Job): void {
        tell('completed', job);
      }
      @OnWorkerEvent('failed') onFailed(job: Job): void {
        tell('failed', job);
      }
      @OnWorkerEvent('drained') onDrained(): void {
        told.push(`drained ${tenantNow()}`);
      }
    }
    app = await as(globex, () => start(backend, { queue, providers: [Mails] }));
    await Promise.all(
      both.flatMap((tenant) =>
        ['good', 'bad'].map((name) => as(tenant, () => app.queue().add(name, {}, { jobId: `${name}-${tenant.slug}` }))),
      ),
    );
    await until(
      () => told.filter((line) => /^(completed|failed)/.test(line)).length === 4 && told.includes('drained none'),
    );
    const expected = both.flatMap(({ slug, id }) => [
      ...['active', 'progress', 'completed'].map((event) => `${event} good good-${slug} ${id}`),
      ...['active', 'progress', 'failed'].map((event) => `${event} bad bad-${slug} ${id}`),
    ]);
    expect(told.filter((line) => !line.startsWith('drained')).toSorted()).toEqual(expected.toSorted());
    expect(told.filter((line) => line.startsWith('drained'))).not.toContain('drained t_globex');
    for (const { slug } of both) {
      const own = told.filter((line) => line.includes(`good-${slug}`)).map((line) => line.split(' ')[0]);
      expect(own).toEqual(['active', 'progress', 'completed']);
    }
  });

  it('Q4: a refused job is told of without a tenant', async () => {
    const queue = someQueue();
    const told: string[] = [];
    @Processor(queue)
    class Mails extends WorkerHost {
      async process(): Promise<void> {}
      @OnWorkerEvent('failed') onFailed(job: Job, error: Error): void {
        told.push(`${job.id} ${error.message} ${tenantNow()}`);
      }
    }
    app = await start(backend, { queue, providers: [Mails] });
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const bad = await write(queue, {});
    await until(() => told.length > 0);
    expect(told).toEqual([`${bad.id} tenant_required none`]);
  });

  it('Q7: each next run of a scheduler keeps its tenant, and stops after a suspension', async () => {
    const queue = someQueue();
    const ran: string[] = [];
    const ids = new Set<string>();
    @Processor(queue, { concurrency: 4 })
    class Ticks extends WorkerHost {
      async process(job: Job): Promise<void> {
        ran.push(`${(job.data as { of: string }).of} ${tenantNow()}`);
        ids.add(`${job.id?.replace(/\d+$/, '')} ${job.repeatJobKey}`);
      }
    }
    app = await start(backend, { queue, providers: [Ticks], bull: { secret: 's'.repeat(32) } });
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    for (const tenant of both) {
      await as(tenant, () => app.queue().upsertJobScheduler('tick', { every: 150 }, { data: { of: tenant.id } }));
    }
    const runsOf = (id: string) => ran.filter((line) => line === `${id} ${id}`).length;
    await until(() => both.every(({ id }) => runsOf(id) >= 3));
    app.tenants.changed.set('t_acme', { ...acme, status: 'suspended' });
    const [before, other] = [runsOf('t_acme'), runsOf('t_globex')];
    await until(() => runsOf('t_globex') >= other + 4);
    expect(runsOf('t_acme') - before).toBeLessThanOrEqual(1);
    expect(new Set(ran)).toEqual(new Set(['t_acme t_acme', 't_globex t_globex']));
    expect([...ids]).toEqual(['repeat:tick: tick']);
    for (const tenant of both) await as(tenant, () => app.queue().removeJobScheduler('tick'));
  });

  it('Q21: listeners of QueueEvents run outside, whoever started the application', async () => {
    const queue = someQueue();
    const told: { event: string; tenant: string; jobId: string; value: unknown }[] = [];
    @QueueEventsListener(queue)
    class Events extends QueueEventsHost {
      @OnQueueEvent('completed') onCompleted({ jobId, returnvalue }: { jobId: string; returnvalue: unknown }): void {
        told.push({ event: 'completed', tenant: tenantNow(), jobId, value: returnvalue });
      }
    }
    @Processor(queue)
    class Mails extends WorkerHost {
      process(): Promise<string> {
        return Promise.resolve(tenantNow());
      }
    }
    app = await as(globex, () => start(backend, { queue, providers: [Mails, Events] }));
    await app.module.get(Events, { strict: false }).queueEvents.waitUntilReady();
    const jobs = await Promise.all(
      both.map((tenant) => as(tenant, () => app.queue().add('mail', {}, { jobId: 'one' }))),
    );
    const values = await Promise.all(
      both.map((tenant, index) =>
        as(tenant, () => jobs[index]?.waitUntilFinished(app.module.get(Events, { strict: false }).queueEvents)),
      ),
    );
    expect(values).toEqual(['t_acme', 't_globex']);
    await until(() => told.length === 2);
    expect(told.map(({ tenant }) => tenant)).toEqual(['none', 'none']);
    // Q12, Q18: every listener sees every id, as it is stored, and every value. The tenant finds its own job by it.
    for (const tenant of both) {
      const found = await Promise.all(told.map(({ jobId }) => as(tenant, () => app.queue().getJob(jobId))));
      expect(found.filter(Boolean).map((job) => [job?.id, job?.returnvalue])).toEqual([['one', tenant.id]]);
    }
  });

  it('runs jobs of a shared queue without a tenant, whoever made them', async () => {
    const queue = someQueue();
    const ran: string[] = [];
    @Untenanted()
    @Processor(queue)
    class Sitemaps extends WorkerHost {
      async process(job: Job): Promise<void> {
        ran.push(`${job.name} ${tenantNow()} ${job.id}`);
        await job.updateProgress(100);
      }
    }
    app = await as(globex, () => start(backend, { queue, providers: [Sitemaps], bull: { shared: [queue] } }));
    await app.queue().add('outside', {}, { jobId: 'x' });
    await as(acme, () => app.queue().add('inside', {}, { jobId: 'y' }));
    await until(() => ran.length === 2);
    expect(ran.toSorted()).toEqual(['inside none y', 'outside none x']);
  });

  it('@Untenanted() lets a processor run jobs of tenants without one', async () => {
    const queue = someQueue();
    const ran: string[] = [];
    @Untenanted()
    @Processor(queue)
    class Audits extends WorkerHost {
      async process(job: Job): Promise<void> {
        ran.push(`${tenantNow()} ${job.id}`);
        await job.log('seen');
      }
      @OnWorkerEvent('completed') onCompleted(job: Job): void {
        ran.push(`completed ${tenantNow()} ${job.id}`);
      }
    }
    app = await start(backend, { queue, providers: [Audits] });
    await as(acme, () => app.queue().add('audit', {}, { jobId: 'one' }));
    await until(() => ran.length === 2);
    expect(ran).toEqual(['none one', 'completed none one']);
  });

  it('a processor makes further jobs, and children, as its tenant; and one that is request-scoped is made for each job', async () => {
    const queue = someQueue();
    const ran: string[] = [];
    @Injectable({ scope: Scope.REQUEST })
    class Asked {
      constructor(@Inject(REQUEST) readonly job: Job) {}
    }
    @Processor({ name: queue, scope: Scope.REQUEST })
    class Mails extends WorkerHost {
      constructor(@Inject(Asked) readonly asked: Asked) {
        super();
      }
      async process(job: Job<{ left: number }>): Promise<void> {
        ran.push(`${tenantNow()} ${job.data.left} ${this.asked.job.id === job.id}`);
        if (job.data.left > 0) await app.queue().add('next', { left: job.data.left - 1 });
      }
    }
    app = await start(backend, { queue, providers: [Mails, Asked] });
    await Promise.all(both.map((tenant) => as(tenant, () => app.queue().add('first', { left: 2 }))));
    await until(() => ran.length === 6);
    expect(ran.toSorted()).toEqual(both.flatMap(({ id }) => [0, 1, 2].map((left) => `${id} ${left} true`)));
  });
});

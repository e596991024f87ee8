import { BullModule, getFlowProducerToken, Processor, WorkerHost } from '@nestjs/bullmq';
import type { FlowProducer, Job, Queue, Worker } from 'bullmq';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TenantBullModule } from '../../src/bullmq.js';
import { acme, as, finished, globex, type Started, someQueue, start, tenantNow, until } from './application.js';
import { eachBackend } from './backends.js';

eachBackend((backend) => {
  let app: Started;
  let queue: Queue;
  let shared: Queue;
  let flows: FlowProducer;
  let ran: string[];
  let worker: Worker;
  let release: () => void;
  let moved: (answer: unknown) => void;

  beforeEach(async () => {
    const [name, other] = [someQueue(), someQueue()];
    ran = [];
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    @Processor(name, { concurrency: 4 })
    class Mails extends WorkerHost {
      async process(job: Job, token?: string, signal?: AbortSignal): Promise<unknown> {
        ran.push(`${job.name} ${tenantNow()}`);
        if (job.name === 'mover') moved(await job.moveToFailed(new Error('moved'), token as string, true));
        if (job.name === 'held') await held;
        return { by: tenantNow(), cancelled: signal?.aborted, children: await job.getChildrenValues() };
      }
    }
    app = await start(backend, {
      queue: name,
      providers: [Mails],
      imports: [BullModule.registerQueue({ name: other }), BullModule.registerFlowProducer({ name: 'flows' })],
      bull: { shared: [other] },
    });
    queue = app.queue();
    shared = app.queue(other);
    flows = app.module.get(getFlowProducerToken('flows'), { strict: false });
    worker = app.module.get(Mails, { strict: false }).worker;
  });
  afterEach(() => app.close());

  const waiting = async (tenant: typeof acme) =>
    (
      await as(tenant, () =>
        flows.add({
          name: 'parent',
          queueName: queue.name,
          children: [{ name: 'late', queueName: queue.name, opts: { delay: 60_000 } }],
        }),
      )
    ).job;

  it("no way of making a job puts it below another's parent", async () => {
    const parent = await waiting(acme);
    const child = await waiting(globex);
    for (const id of [parent.id as string]) {
      const opts = { parent: { id, queue: queue.qualifiedName } };
      const node = { name: 'intruder', queueName: queue.name, opts };
      for (const intrude of [
        () => queue.add('intruder', {}, opts),
        () => queue.addBulk([{ name: 'intruder', data: {}, opts }]),
        () => queue.upsertJobScheduler('intruder', { every: 60_000 }, { name: 'intruder', opts }),
        () => flows.add(node),
        () => flows.addBulk([node]),
        () => queue.add('intruder', {}, { parent: { id, queue: `${queue.qualifiedName}:${child.id}` } }),
      ]) {
        await expect(as(globex, intrude as () => Promise<unknown>)).rejects.toThrow('Missing key for parent');
      }
      for (const intrude of [
        () => shared.add('intruder', {}, opts),
        () => shared.addBulk([{ name: 'intruder', data: {}, opts }]),
        () => flows.add({ ...node, queueName: shared.name }),
      ]) {
        await expect(as(globex, intrude as () => Promise<unknown>)).rejects.toThrow(
          /tenant_switch_refused|Missing key/,
        );
        await expect((intrude as () => Promise<unknown>)()).rejects.toThrow('tenant_switch_refused');
      }
    }
    expect(await as(acme, () => parent.getDependenciesCount())).toMatchObject({ processed: 0, unprocessed: 1 });
    expect(ran).toEqual([]);
  });

  it("no id reads or cancels another's job", async () => {
    const job = await as(acme, () => queue.add('held', { secret: 'of acme' }));
    await until(() => ran.length === 1);
    const ids = [
      job.id as string,
      `${queue.qualifiedName}:${job.id}`,
      `../${job.id}`,
      `${Buffer.from('t_acme').toString('base64url')}~${job.id}`,
    ];
    for (const id of ids) {
      await as(globex, async () => {
        expect(worker.cancelJob(id)).toBe(false);
        expect(await queue.getJob(id)).toBeUndefined();
        expect(await flows.getFlow({ id, queueName: queue.name })).toBeUndefined();
        expect(await queue.removeJobScheduler(id)).toBe(false);
      });
    }
    const own = await as(globex, () => queue.add('held', {}));
    await until(() => ran.length === 2);
    expect(as(globex, () => worker.cancelJob(own.id as string))).toBe(true);
    release();
    expect((await finished(acme, queue, job.id as string)).returnvalue).toMatchObject({ cancelled: false });
    expect((await finished(globex, queue, own.id as string)).returnvalue).toMatchObject({ cancelled: true });
  });

  it('options whose properties answer differently each time make nothing of another tenant', async () => {
    let asked = 0;
    const opts = Object.defineProperties(
      {},
      {
        tenancy: { enumerable: true, get: () => (asked++ > 0 ? 'v1.dF9nbG9iZXg' : undefined) },
        repeatJobKey: { enumerable: true, get: () => (asked++ > 1 ? 'dF9nbG9iZXg~nightly' : undefined) },
      },
    );
    const results = await Promise.allSettled([1, 2, 3].map(() => as(acme, () => queue.add('tricky', {}, opts))));
    for (const result of results) {
      if (result.status === 'fulfilled') await finished(acme, queue, result.value.id as string);
    }
    expect(ran.filter((line) => line !== 'tricky t_acme')).toEqual([]);
  });

  it("moving one's own job tells nothing of the next one", async () => {
    worker.on('error', () => {});
    const told = new Promise<unknown>((resolve) => {
      moved = resolve;
    });
    await as(acme, () => queue.add('mover', {}));
    await Promise.all(Array.from({ length: 8 }, (_, n) => as(globex, () => queue.add('held', { n }))));
    // BullMQ answers with the job that comes next.
    expect(await told).toBeUndefined();
    release();
  });

  it('a job of one tenant, asked for its queue, leads to no job of another', async () => {
    const job = await as(acme, () => queue.add('mail', {}, { delay: 60_000 }));
    const reached = (job as unknown as { queue: Queue }).queue;
    expect(reached).toBe(queue);
    expect(() => as(acme, () => reached.getDelayed())).toThrow('tenant_switch_refused');
  });

  it('a further connection has jobs of tenants too', async () => {
    const name = someQueue();
    const own = await start(backend, {
      queue: someQueue(),
      imports: [
        TenantBullModule.forRoot('second', backend.options()),
        BullModule.registerQueue({ name, configKey: 'second', processors: [async () => tenantNow()] }),
      ],
    });
    const made = await Promise.all(
      [acme, globex].map((tenant) => as(tenant, () => own.queue(name).add('mail', {}, { jobId: 'one' }))),
    );
    expect(made).toHaveLength(2);
    for (const tenant of [acme, globex]) {
      expect((await finished(tenant, own.queue(name), 'one')).returnvalue).toBe(tenant.id);
    }
    await own.close();
    expect(() => TenantBullModule.forRoot('second', { connection: {}, secret: 'x' } as never)).toThrow(
      'TenantBullModule.secret',
    );
  });
});

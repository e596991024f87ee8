import { BullModule, getFlowProducerToken, getQueueToken, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FlowProducer, type Job, Queue, Worker } from 'bullmq';
import { afterEach, describe, expect, it } from 'vitest';
import { TenantBullModule, type TenantBullOptions } from '../../src/bullmq.js';
import { InMemoryTenantRegistry, TenancyModule } from '../../src/index.js';
import { acme, as, finished, globex, type Started, someQueue, start, tenantNow, until } from './application.js';
import { eachBackend } from './backends.js';

const both = [acme, globex] as const;
const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry([acme, globex]),
    sources: [{ name: 'none', identify: () => null }],
  });

eachBackend((backend) => {
  const closing: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const one of closing.splice(0)) await one.close();
    Object.assign(BullModule, { queueClass: Queue, workerClass: Worker, flowProducerClass: FlowProducer });
  });
  const opened = async (app: Promise<Started>) => {
    const one = await app;
    closing.push(one);
    return one;
  };

  it('Q14: workers of registerQueue({ processors }) run each job as its tenant', async () => {
    const queue = someQueue();
    const processors = [async (job: Job) => `${job.id} ${tenantNow()}`];
    const app = await opened(as(globex, () => start(backend, { queue, register: { processors } })));
    await Promise.all(both.map((tenant) => as(tenant, () => app.queue().add('mail', {}, { jobId: 'one' }))));
    for (const tenant of both) {
      expect((await finished(tenant, app.queue(), 'one')).returnvalue).toBe(`one ${tenant.id}`);
    }
  });

  it("Q15: a feature whose file ran before ours has queues, workers and flows that are the tenant's", async () => {
    const queue = someQueue();
    // As they are where a feature module is imported first: BullModule's own.
    Object.assign(BullModule, { queueClass: Queue, workerClass: Worker, flowProducerClass: FlowProducer });
    @Injectable()
    class Sending {
      constructor(@InjectQueue(queue) readonly mails: Queue) {}
    }
    @Module({
      imports: [
        BullModule.registerQueue({ name: queue, processors: [async () => tenantNow()] }),
        BullModule.registerFlowProducer({ name: 'early' }),
      ],
      providers: [Sending],
    })
    class Feature {}
    const app = await opened(start(backend, { queue: someQueue(), imports: [Feature] }));
    const sending = app.module.get(Sending, { strict: false });
    await expect(sending.mails.add('mail', {})).rejects.toMatchObject({ code: 'tenant_context_missing' });
    expect(() => sending.mails.getJobs()).toThrow('tenant_switch_refused');
    const flows = app.module.get<FlowProducer>(getFlowProducerToken('early'), { strict: false });
    for (const tenant of both) {
      const { job } = await as(tenant, () => flows.add({ name: 'mail', queueName: queue }));
      expect((await finished(tenant, sending.mails, job.id as string)).returnvalue).toBe(tenant.id);
    }
  });

  it('Q15: a queue that is beside TenancyModule without ours is refused by name at start', async () => {
    const name = someQueue();
    @Processor(name)
    class Mails extends WorkerHost {
      async process(): Promise<void> {}
    }
    Object.assign(BullModule, { queueClass: Queue, workerClass: Worker, flowProducerClass: FlowProducer });
    const module = await Test.createTestingModule({
      imports: [tenancy(), BullModule.forRoot(backend.options()), BullModule.registerQueue({ name })],
      providers: [Mails],
    }).compile();
    await expect(module.init()).rejects.toThrow(
      new RegExp(`tenancy_misconfigured: (The queue "${name}"|@Processor\\(\\) Mails): .*TenantBullModule\\.forRoot`),
    );
    await module.get(getQueueToken(name)).close();
    await module.close();
  });

  it('Q16: a class of the application is built upon, whichever way it is given; one that is set later is refused', async () => {
    const name = someQueue();
    class OwnQueue extends Queue {
      greet(): string {
        return `hello of ${this.name}`;
      }
    }
    class OwnWorker extends Worker {}
    const app = await opened(start(backend, { queue: name, bull: { queueClass: OwnQueue, workerClass: OwnWorker } }));
    expect(app.queue()).toBeInstanceOf(OwnQueue);
    expect(() => (app.queue() as OwnQueue).greet()).toThrow('tenant_switch_refused');
    const options = { ...backend.options() } as TenantBullOptions;
    const late = Test.createTestingModule({
      imports: [tenancy(), TenantBullModule.forRoot(options), BullModule.registerQueue({ name: someQueue() })],
    });
    const module = await late.compile();
    closing.push(module);
    BullModule.queueClass = OwnQueue;
    await expect(module.init()).rejects.toThrow(
      'tenancy_misconfigured: BullModule.queueClass: was set after TenantBullModule',
    );
  });

  it('several applications of one process have each their own tenants and secrets', async () => {
    const queue = someQueue();
    @Processor(queue)
    class Mails extends WorkerHost {
      async process(): Promise<string> {
        return tenantNow();
      }
    }
    const secrets = ['a'.repeat(32), 'b'.repeat(32)];
    const apps = await Promise.all(
      secrets.map((secret) =>
        opened(
          start(backend, {
            queue: someQueue(),
            imports: [BullModule.registerQueue({ name: queue })],
            bull: { secret },
          }),
        ),
      ),
    );
    const [first, second] = apps as [Started, Started];
    const job = await as(acme, () => first.queue(queue).add('mail', {}));
    expect(await as(acme, () => first.queue(queue).getJob(job.id as string))).toBeDefined();
    expect(await as(acme, () => second.queue(queue).getJob(job.id as string))).toBeUndefined();
    const third = await opened(start(backend, { queue, providers: [Mails], bull: { secret: [...secrets].reverse() } }));
    expect((await finished(acme, third.queue(), job.id as string)).returnvalue).toBe('t_acme');
  });

  it('forRootAsync takes its options from injection', async () => {
    const name = someQueue();
    const ran: string[] = [];
    @Processor(name)
    class Mails extends WorkerHost {
      async process(): Promise<void> {
        ran.push(tenantNow());
      }
    }
    @Module({ providers: [{ provide: 'CONFIG', useValue: { secret: 's'.repeat(32) } }], exports: ['CONFIG'] })
    class Config {}
    const module = await Test.createTestingModule({
      imports: [
        tenancy(),
        TenantBullModule.forRootAsync({
          imports: [Config],
          inject: ['CONFIG'],
          useFactory: (config: { secret: string }) => ({ ...backend.options(), ...config }) as never,
        }),
        BullModule.registerQueue({ name }),
      ],
      providers: [Mails],
    }).compile();
    closing.push(module);
    await module.init();
    await as(acme, () => module.get<Queue>(getQueueToken(name)).add('mail', {}));
    await until(() => ran.length === 1);
    expect(ran).toEqual(['t_acme']);
  });
});

describe('options that are wrong', () => {
  const build = (options: object, imports = [tenancy()]) =>
    Test.createTestingModule({
      imports: [...imports, TenantBullModule.forRoot({ connection: {}, ...options } as TenantBullOptions)],
    }).compile();

  it.each([
    ['a short secret', { secret: 'short' }, 'TenantBullModule.secret'],
    ['no list of names', { shared: 'sitemaps' }, 'TenantBullModule.shared'],
    ['fairness that is no option', { fairness: 'yes' }, 'fairness'],
  ])('%s is refused', async (_, options, named) => {
    await expect(build(options)).rejects.toThrow(`tenancy_misconfigured: ${named}`);
  });

  it('a connection with a key needs the one without, and says so', async () => {
    const building = Test.createTestingModule({
      imports: [
        tenancy(),
        TenantBullModule.forRoot('other', { connection: {} }),
        BullModule.registerQueue({ configKey: 'other', name: someQueue() }),
      ],
    }).compile();
    await expect(building).rejects.toThrow(/there is a connection "other", and none without a key/);
  });

  it('a class that is none is refused at once', () => {
    expect(() => TenantBullModule.forRoot({ connection: {}, queueClass: 'Queue' })).toThrow(
      'TenantBullModule.queueClass',
    );
  });

  it('without TenancyModule it says so', async () => {
    await expect(build({}, [])).rejects.toThrow('the application has no TenancyModule');
  });
});

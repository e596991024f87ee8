import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { BullModule, getFlowProducerToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { FlowProducer, Job, Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
// Told to the application; everything else that BullMQ has, or will have, is refused.
import allowed from '../../../../test/consumers/queues/allowed-members.json' with { type: 'json' };
import { acme, as, globex, type Started, someQueue, start } from './application.js';
import { eachBackend } from './backends.js';

/** Members of BullMQ 6.7, by reflection. A new version that has others fails here, and is refused meanwhile. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  Queue: [
    ...[
      'Job',
      'addJob',
      'baseGetClients',
      'checkConnectionError',
      'clean',
      'commandByType',
      'count',
      'createBackend',
      'drain',
    ],
    ...['exportPrometheusMetrics', 'getActive', 'getActiveCount', 'getBackend', 'getCompleted', 'getCompletedCount'],
    ...['getCountsPerPriority', 'getDelayed', 'getDelayedCount', 'getDependencies', 'getFailed', 'getFailedCount'],
    ...['getJobCountByTypes', 'getJobCounts', 'getJobSchedulers', 'getJobSchedulersCount', 'getJobs', 'getMetrics'],
    ...['getPrioritized', 'getPrioritizedCount', 'getQueueEvents', 'getRanges', 'getRateLimitTtl', 'getWaiting'],
    ...['getWaitingChildren', 'getWaitingChildrenCount', 'getWaitingCount', 'getWorkers', 'isMaxed', 'jobScheduler'],
    ...['metaValues', 'obliterate', 'parseClientList', 'pause', 'promoteJobs', 'rateLimit', 'recordJobCountsMetric'],
    ...['removeDeprecatedPriorityKey', 'removeGlobalConcurrency', 'removeGlobalRateLimit', 'removeOrphanedJobs'],
    ...['removeRateLimitKey', 'resume', 'retryJobs', 'sanitizeJobTypes', 'setGlobalConcurrency', 'setGlobalRateLimit'],
    ...['trace', 'trimEvents'],
  ],
  Worker: [
    ...['Job', '_getNextJob', 'callProcessJob', 'cancelAllJobs', 'checkConnectionError', 'createBackend', 'createJob'],
    ...['createLockManager', 'createSandbox', 'delay', 'extendJobLocks', 'getBackend', 'getBlockTimeout', 'getNextJob'],
    ...['getRateLimitDelay', 'getUnrecoverableErrorMessage', 'handleCompleted', 'handleFailed', 'isRateLimited'],
    ...['jobScheduler', 'mainLoop', 'maximumBlockTimeout', 'minimumBlockTimeout', 'moveLimitedBackToWait'],
    ...['moveStalledJobsToWait', 'moveToActive', 'nextJobFromJobData', 'processJob', 'retryIfFailed', 'stalledChecker'],
    ...['trace', 'updateDelays', 'waitForJob', 'waitForRateLimit', 'whenCurrentJobsFinished'],
  ],
  FlowProducer: [
    ...['Job', 'addChildren', 'addNode', 'addNodes', 'collectFlowEntry', 'getBackend', 'getChildren', 'getNode'],
    ...['queueFromNode', 'toFlowError', 'validateFlowJobs'],
  ],
  Job: [
    ...['addJob', 'createBackend', 'getSpanOperation', 'recordJobMetrics', 'setSpanJobAttributes', 'shouldRetryJob'],
    ...['toFlowEntry', 'updateStacktrace', 'validateOptions'],
  ],
};

/** Fields of the instances themselves, which lead past the wall. */
const FIELDS = ['backend', 'backendFactory', 'keys', 'toKey', 'jobsOpts', 'queueMetaInitialized'];

const membersOf = (prototype: object): string[] => {
  const found = new Set<string>();
  for (let at = prototype; at !== EventEmitter.prototype && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) if (name !== 'constructor') found.add(name);
  return [...found].toSorted();
};

describe.each([Queue, Worker, FlowProducer, Job] as const)('%o', (cls) => {
  it('has no member that is not classified', () => {
    const listeners = cls === Job ? [] : ['on', 'once', 'off', 'emit'];
    const own = allowed[cls.name as keyof typeof allowed].filter((name) => name in cls.prototype);
    const known = [...own, ...listeners, ...(REFUSED[cls.name] ?? [])];
    expect(membersOf(cls.prototype)).toEqual(known.toSorted());
  });
});

eachBackend((backend) => {
  let app: Started;
  let walls: Record<string, object>;

  beforeAll(async () => {
    const queue = someQueue();
    @Processor(queue)
    class Mails extends WorkerHost {
      async process(): Promise<void> {}
    }
    class FutureQueue extends Queue {
      readonly secretOfAll = 'jobs of everybody';
      listEverything(): string {
        return this.secretOfAll;
      }
    }
    app = await start(backend, {
      queue,
      providers: [Mails],
      imports: [BullModule.registerFlowProducer({ name: 'flows' })],
      bull: { queueClass: FutureQueue },
    });
    walls = {
      Queue: app.queue(),
      Worker: app.module.get(Mails, { strict: false }).worker,
      FlowProducer: app.module.get(getFlowProducerToken('flows'), { strict: false }),
      Job: await as(acme, () => app.queue().add('mail', {}, { delay: 60_000 })),
    };
  });
  afterAll(() => app.close());

  const use = (wall: object, member: string): unknown => {
    const value: unknown = Reflect.get(wall, member);
    return typeof value === 'function' ? value.call(wall, 'one', 'two') : value;
  };
  const cases = Object.entries(REFUSED).flatMap(([of, members]) =>
    [...members, 'backend'].map((member) => [of, member] as const),
  );

  it.each(cases)('Q6: %s.%s is refused, inside a tenant and outside', (of, member) => {
    const wall = walls[of] as object;
    expect(() => as(acme, () => use(wall, member))).toThrow(
      /^tenant_switch_refused: .*TenantQueueAdmin\.acrossTenants/,
    );
    if (of !== 'Job') expect(() => use(wall, member)).toThrow('tenant_switch_refused');
  });

  it.each(FIELDS)('Q6: a field leads nowhere: %s', (field) => {
    expect(() => as(acme, () => use(walls['Queue'] as object, field))).toThrow('tenant_switch_refused');
  });

  it('Q6: what a later version, or a class of the application, adds is refused as well', () => {
    const queue = walls['Queue'] as { listEverything(): string; secretOfAll: string };
    expect(() => as(acme, () => queue.listEverything())).toThrow('`listEverything` of a queue');
    expect(() => as(acme, () => queue.secretOfAll)).toThrow('`secretOfAll` of a queue');
  });

  it("Q6: BullMQ's own functions, given what the application has, find no way past it", async () => {
    const { Queue: queue, Job: job } = walls as { Queue: Queue; Job: Job };
    await expect(async () => await Job.fromId(queue, job.id as string)).rejects.toThrow('tenant_switch_refused');
    await expect(async () => await Job.create(queue, 'mail', {})).rejects.toThrow('tenant_switch_refused');
    await expect(async () => await Queue.prototype.getJobs.call(queue)).rejects.toThrow('tenant_switch_refused');
    await expect(async () => await Queue.prototype.drain.call(queue)).rejects.toThrow('tenant_switch_refused');
    expect(() => Job.prototype.getState.call(job)).toThrow('tenant_switch_refused');
    expect(() => (job as unknown as { queue: Queue }).queue.getBackend()).toThrow('tenant_switch_refused');
  });

  it('is the class that it stands before, and answers those who look at everything', () => {
    const { Queue: queue, Worker: worker, FlowProducer: flows, Job: job } = walls;
    expect([
      queue instanceof Queue,
      worker instanceof Worker,
      flows instanceof FlowProducer,
      job instanceof Job,
    ]).toEqual(Array(4).fill(true));
    for (const wall of Object.values(walls)) {
      expect(Reflect.get(wall, 'then')).toBeUndefined();
      expect(Reflect.get(wall, 'nothing')).toBeUndefined();
    }
    expect(JSON.parse(JSON.stringify(job))).toMatchObject({ name: 'mail', data: {} });
    expect({ ...(job as Job) }).toMatchObject({ name: 'mail', data: {} });
    expect(inspect(job)).toMatch(/name: 'mail'/);
    expect(inspect(job)).not.toMatch(/v1\.|~/);
    expect(Object.getOwnPropertySymbols(job)).toEqual([]);
  });

  it('can be spied on, as tests do', async () => {
    const { Queue: queue } = walls as { Queue: Queue };
    const add = vi.spyOn(queue, 'add').mockResolvedValue('mocked' as never);
    expect(await queue.add('mail', {})).toBe('mocked');
    add.mockRestore();
    await expect(queue.add('mail', {})).rejects.toThrow('tenant_context_missing');
  });

  it('tells listeners of a queue of jobs as their owner sees them', async () => {
    const { Queue: queue } = walls as { Queue: Queue };
    const told: unknown[] = [];
    const hear = function (this: unknown, job: Job) {
      told.push([job.id, this === queue]);
    };
    queue.on('waiting', hear);
    await Promise.all(
      [acme, globex].map((tenant) => as(tenant, () => queue.add('mail', {}, { jobId: 'heard', delay: 60_000 }))),
    );
    queue.off('waiting', hear);
    await as(acme, () => queue.add('mail', {}, { delay: 60_000 }));
    expect(told).toEqual([
      ['heard', true],
      ['heard', true],
    ]);
  });

  it("adjusts a worker's concurrency", () => {
    const { Worker: worker } = walls as { Worker: Worker };
    worker.concurrency = 3;
    expect(worker.concurrency).toBe(3);
  });
});

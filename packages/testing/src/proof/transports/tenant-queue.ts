import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { type Tenant, TenantContext } from '@tenancy/core';
import { TenantQueueAdmin } from '@tenancy/core/admin';

/** A queue of BullMQ, as far as it is needed here. */
export interface JobQueue {
  readonly name: string;
  add(name: string, data: unknown, options: object): Promise<Job>;
  getJob(id: string): Promise<Job | undefined>;
}

interface Job {
  readonly id?: string | undefined;
  readonly opts: { readonly tenancy?: unknown };
  readonly finishedOn?: number | null | undefined;
  readonly failedReason?: string | undefined;
  readonly returnvalue: unknown;
  remove(): Promise<unknown>;
}

/** Arguments of {@link JobQueue.add}. */
export type NewJob = readonly [name: string, data: unknown, options: object];

/** End of a job, as the one who added it can see. */
export interface JobOutcome {
  readonly isRefused: boolean;
  readonly seen: unknown;
  readonly error: Error | null;
}

const context = new TenantContext();
const REASON = { reason: 'proof of isolation: a forged job' };

/** A queue of `TenantBullModule`, and what stands behind it. */
export class TenantQueue {
  constructor(
    readonly own: JobQueue,
    private readonly admin: TenantQueueAdmin,
  ) {}

  get name(): string {
    return this.own.name;
  }

  /** Waits for the end of a job that is added as `tenant`; one that is refused at once has ended. */
  outcome(job: NewJob, tenant: Tenant | null, timeout: number): Promise<JobOutcome> {
    return as(tenant, () =>
      ended(
        () => this.own.add(...job),
        (id) => this.own.getJob(id),
        timeout,
      ),
    );
  }

  /** The same for one that is added behind the wall. */
  rawOutcome(job: NewJob, timeout: number): Promise<JobOutcome> {
    return this.admin.acrossTenants(REASON, this.own, (raw) =>
      ended(
        () => raw.add(...job),
        (id) => raw.getJob(id),
        timeout,
      ),
    );
  }

  /** The stamp of a job of `tenant`, which is taken away again before it can run. */
  stampOf([name, data, options]: NewJob, tenant: Tenant): Promise<string | null> {
    return as(tenant, async () => {
      const job = await this.own.add(name, data, { ...options, delay: AN_HOUR });
      await job.remove();
      return typeof job.opts.tenancy === 'string' ? job.opts.tenancy : null;
    });
  }
}

const AN_HOUR = 3_600_000;

const as = <R>(tenant: Tenant | null, work: () => R): R => (tenant ? context.run(tenant, work) : work());

/** The queue of this name; null where it is none of `TenantBullModule`. */
export function tenantQueue(app: INestApplication, name: string): TenantQueue | null {
  try {
    const queue = app.get<JobQueue>(`BullQueue_${name}`, { strict: false });
    return new TenantQueue(queue, app.get(TenantQueueAdmin, { strict: false }));
  } catch {
    return null;
  }
}

async function ended(
  add: () => Promise<Job>,
  find: (id: string) => Promise<Job | undefined>,
  timeout: number,
): Promise<JobOutcome> {
  let added: Job;
  try {
    added = await add();
  } catch (reason) {
    return refused(reason instanceof Error ? reason : new Error(String(reason)));
  }
  const until = performance.now() + timeout;
  for (let pause = 2; performance.now() < until; pause = Math.min(pause * 1.5, 50)) {
    const job = await find(String(added.id));
    if (!job) return refused(new Error('the job is gone.'));
    if (job.finishedOn) {
      await job.remove().catch(() => {});
      return job.failedReason === undefined
        ? { isRefused: false, seen: job.returnvalue, error: null }
        : refused(new Error(job.failedReason));
    }
    await sleep(pause);
  }
  throw new Error(`the job did not end within ${timeout} ms (\`timeout\` of the harness).`);
}

const refused = (error: Error): JobOutcome => ({ isRefused: true, seen: error.message, error });

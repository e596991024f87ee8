import { outsideAnyTenant } from '../context/enter.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantJobsAddedError, TenantJobsRunningError } from '../errors/refusals.js';
import { requireFunction } from '../errors/require-function.js';
import type { QueueAuditEvent, TenantAuditEvent } from './audit-event.js';
import { type AuditSink, AuditTrail } from './audit-trail.js';
import { behind } from './behind.js';
import { requireReason } from './require-reason.js';
import { requireTenantId } from './require-tenant-id.js';

/** The outcome of removing what a tenant has in a queue. */
export interface RemovedJobs {
  readonly removed: number;
  /** Jobs that BullMQ keeps, because they or their children are running. */
  readonly held: number;
  /** Jobs that have come while others were removed, and are there. */
  readonly added: number;
}

/** Removes a tenant's jobs from a queue as BullMQ made it. */
type JobRemover = (queue: object, tenantId: string) => Promise<RemovedJobs>;

/**
 * The way to the jobs of all tenants in a queue of `TenantBullModule`, which it provides: for listing, counting, cleaning, pausing, and
 * for dashboards. It leaves an audit event.
 */
export class TenantQueueAdmin {
  private readonly audit: AuditTrail<QueueAuditEvent>;

  /** @internal */
  constructor(
    { audit }: { readonly audit: AuditSink<TenantAuditEvent> | null },
    private readonly removeJobs: JobRemover,
  ) {
    this.audit = new AuditTrail('TenantQueueAdmin', audit as AuditSink<QueueAuditEvent> | null);
  }

  /**
   * Calls `fn` outside every tenant with `queue` as BullMQ made it: its jobs are everybody's, under the ids that they are stored with, and
   * what is added to it has no tenant.
   *
   * @throws `tenancy_misconfigured` without a reason or a function, or when `queue` is not of `TenantBullModule`.
   * @throws whatever the audit sink throws: what cannot be recorded is not done.
   * @example
   * ```ts
   * import type { Queue } from 'bullmq';
   * import type { TenantQueueAdmin } from '@tenancy/core/admin';
   *
   * const counts = (admin: TenantQueueAdmin, mails: Queue) =>
   *   admin.acrossTenants({ reason: 'dashboard' }, mails, (raw) => raw.getJobCounts());
   * ```
   */
  async acrossTenants<Q extends { readonly name: string }, R>(
    options: { readonly reason: string },
    queue: Q,
    fn: (raw: Q) => R,
  ): Promise<Awaited<R>> {
    const reason = requireReason('TenantQueueAdmin.acrossTenants', options);
    requireFunction('TenantQueueAdmin.acrossTenants', fn);
    const raw = rawQueue('TenantQueueAdmin.acrossTenants', queue);
    await this.audit.record({ action: 'across_tenants', queue: queue.name, reason });
    return await outsideAnyTenant(() => fn(raw));
  }

  /**
   * Deletes what a tenant has in `queue`: its schedulers, and its jobs in every state, with their children. The tenant need not be known any
   * more. Answers with how many were removed from this queue: schedulers count, and children in other queues do not.
   *
   * @throws `tenant_jobs_running` when jobs of the tenant have not ended; all others are gone then, and it may be called again.
   * @throws `tenant_jobs_added` when jobs of the tenant went on coming while others were removed; suspend the tenant first, and call again.
   * @throws `tenancy_misconfigured` without a reason or a tenant's id, or when `queue` is not of `TenantBullModule`.
   * @throws whatever the audit sink throws: what cannot be recorded is not done.
   * @example
   * ```ts
   * import type { Queue } from 'bullmq';
   * import type { TenantQueueAdmin } from '@tenancy/core/admin';
   *
   * const remove = (admin: TenantQueueAdmin, mails: Queue) => admin.deleteAll('t_acme', mails, { reason: 'account closed' });
   * ```
   */
  async deleteAll<Q extends { readonly name: string }>(
    tenantId: string,
    queue: Q,
    options: { readonly reason: string },
  ): Promise<number> {
    const reason = requireReason('TenantQueueAdmin.deleteAll', options);
    requireTenantId('TenantQueueAdmin.deleteAll', tenantId);
    const raw = rawQueue('TenantQueueAdmin.deleteAll', queue);
    await this.audit.record({ action: 'delete_jobs', queue: queue.name, tenantId, reason });
    const { removed, held, added } = await outsideAnyTenant(() => this.removeJobs(raw, tenantId));
    if (added > 0) throw new TenantJobsAddedError(queue.name, removed, added);
    if (held > 0) throw new TenantJobsRunningError(queue.name, held);
    return removed;
  }
}

function rawQueue<Q extends { readonly name: string }>(place: string, queue: Q): Q {
  const raw = typeof queue === 'object' && queue !== null ? (behind(queue) as Q | undefined) : undefined;
  if (raw) return raw;
  throw new TenancyConfigurationError(
    place,
    'is given something that is no queue of TenantBullModule',
    'Pass the queue as `@InjectQueue()` gives it.',
  );
}

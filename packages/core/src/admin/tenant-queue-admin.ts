import { Inject, Injectable } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireFunction } from '../errors/require-function.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import type { QueueAuditEvent, TenantAuditEvent } from './audit-event.js';
import { type AuditSink, AuditTrail } from './audit-trail.js';
import { behind } from './behind.js';
import { requireReason } from './require-reason.js';

/**
 * The way to the jobs of all tenants in a queue of `TenantBullModule`, which it provides: for listing, counting, cleaning, pausing, and
 * for dashboards. It leaves an audit event.
 */
@Injectable()
export class TenantQueueAdmin {
  private readonly audit: AuditTrail<QueueAuditEvent>;

  constructor(@Inject(RESOLVED_OPTIONS) { audit }: { readonly audit: AuditSink<TenantAuditEvent> | null }) {
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
    const raw = typeof queue === 'object' && queue !== null ? (behind(queue) as Q | undefined) : undefined;
    if (!raw) {
      throw new TenancyConfigurationError(
        'TenantQueueAdmin.acrossTenants',
        'is given something that is no queue of TenantBullModule',
        'Pass the queue as `@InjectQueue()` gives it.',
      );
    }
    await this.audit.record({ action: 'across_tenants', queue: queue.name, reason });
    return await outsideAnyTenant(() => fn(raw));
  }
}

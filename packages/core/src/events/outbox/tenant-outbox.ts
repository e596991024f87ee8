import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { TenantContext } from '../../context/tenant-context.js';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { checkEvent } from './check-event.js';
import type { OutboxOptions } from './outbox-options.js';
import { OUTBOX_OPTIONS } from './outbox-options.js';
import { OutboxRelay } from './outbox-relay.js';

/**
 * Events that are sent if, and only if, a transaction commits.
 *
 * "Write, then publish" loses the event when the process ends in between, and "publish, then write" tells of what was rolled back.
 * Here the event is a row of the same transaction, and goes to its queue once that has committed: at least once, with the same id.
 *
 * @example
 * ```ts
 * import type { TenantOutbox } from '@tenancy/core/events';
 *
 * declare const pool: { connect(): Promise<{ query(sql: string, values?: unknown[]): Promise<unknown>; release(): void }> };
 *
 * async function publish(outbox: TenantOutbox, jobId: string) {
 *   const client = await pool.connect();
 *   try {
 *     await client.query('begin');
 *     await client.query('update job set published = true where id = $1', [jobId]);
 *     await outbox.add(client, 'mails', 'job-published', { jobId });
 *     await client.query('commit');
 *   } finally {
 *     client.release();
 *   }
 * }
 * ```
 */
@Injectable()
export class TenantOutbox {
  private readonly context = new TenantContext();

  constructor(
    @Inject(OUTBOX_OPTIONS) private readonly options: OutboxOptions,
    @Inject(OutboxRelay) private readonly relay: OutboxRelay,
  ) {}

  /**
   * Adds an event to `transaction`, as `queue.add(name, data, options)` would once it has committed. What `data` holds must be
   * JSON. The result is the event's id, which is the job's unless `options.jobId` says otherwise.
   *
   * @param transaction - a client of `pg` after `begin`, the `tx` of Prisma's `$transaction`, the manager or query runner of a transaction
   * of TypeORM, or a function that sends `(sql, values)` in it.
   * @throws `tenant_context_missing` without a tenant; `tenancy_misconfigured` for what is no transaction, a queue that nothing delivers
   * to, and what no queue would ever take: nothing has been sent to the transaction then.
   */
  async add(
    transaction: unknown,
    queue: string,
    name: string,
    data?: unknown,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { id: tenantId } = this.context.current();
    const { store, queues } = this.options;
    if (!queues.includes(queue)) {
      throw new TenancyConfigurationError(
        'TenantOutbox.add',
        'is given a queue that the module does not name',
        'Name it there, and register it with `BullModule.registerQueue`.',
      );
    }
    checkEvent(name, data, options);
    const id = randomUUID();
    await store.insert(transaction, { id, queue, name, data, options });
    this.relay.expect(tenantId, id);
    return id;
  }
}

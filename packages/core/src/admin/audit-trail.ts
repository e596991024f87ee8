import { Logger } from '@nestjs/common';
import { storage } from '../context/storage.js';
import type { AuditEvent } from './audit-event.js';

/** Keeps audit events. An error of it stops the work: what cannot be recorded is not done. */
export type AuditSink<Event extends AuditEvent> = (event: Event) => void | Promise<void>;

/**
 * Records an admin's work before it is done: with the application's own sink, or else as one line of Nest's log.
 *
 * @example
 * ```ts
 * import { type AuditEvent, AuditTrail, requireReason } from '@tenancy/core/adapter';
 *
 * const audit = new AuditTrail<AuditEvent>('AdminKysely');
 *
 * export async function acrossTenants<R>(options: { readonly reason: string }, fn: () => R): Promise<Awaited<R>> {
 *   const reason = requireReason('AdminKysely.acrossTenants', options);
 *   await audit.record({ action: 'across_tenants', reason });
 *   return await fn();
 * }
 * ```
 */
export class AuditTrail<Event extends AuditEvent> {
  readonly #sink: AuditSink<Event> | null | undefined;
  readonly #logger: Logger;
  readonly #level: 'warn' | 'log';

  /**
   * @param place - whose work it is, as the log names it: a bundler would change the name of a class
   * @param sink - the application's own
   * @param level - of the line in Nest's log, without a sink
   */
  constructor(place: string, sink?: AuditSink<Event> | null, level: 'warn' | 'log' = 'warn') {
    this.#sink = sink;
    this.#logger = new Logger(place);
    this.#level = level;
  }

  /**
   * Adds the tenant whose context is active and the time to `event`, and waits until it is recorded.
   *
   * @throws whatever the sink throws. The caller does nothing then.
   */
  async record({ reason, ...about }: Omit<Event, 'fromTenantId' | 'at'>): Promise<void> {
    const fromTenantId = storage.getStore()?.tenant?.id ?? null;
    const event = { ...about, fromTenantId, reason, at: new Date() };
    if (this.#sink) await this.#sink(event as unknown as Event);
    // JSON, so that a reason cannot forge a line of its own.
    else this.#logger[this.#level](`audit ${JSON.stringify(event)}`);
  }
}

import type { OutboxStore } from './outbox-event.js';

/** Options of `TenantOutboxModule.forRoot`. */
export interface OutboxModuleOptions {
  /** The place of the events, such as `postgresOutbox({ pool })`. */
  readonly store: OutboxStore;
  /** Names of the queues that events may go to, each registered with `BullModule.registerQueue`. */
  readonly queues: readonly string[];
  /**
   * Milliseconds between two rounds through all tenants, which find what a process that ended has left. `false` has this process
   * deliver nothing: another one, such as a worker's, does it.
   * @defaultValue `30_000`
   */
  readonly every?: number | false | undefined;
  /**
   * Milliseconds after which a queue that has not taken an event counts as failing.
   * @defaultValue `10_000`
   */
  readonly timeout?: number | undefined;
}

/** The options after validation. */
export type OutboxOptions = {
  readonly [name in keyof OutboxModuleOptions]-?: Exclude<OutboxModuleOptions[name], undefined>;
};

/** The validated options. Shared by every copy of this package. */
export const OUTBOX_OPTIONS = Symbol.for('@tenancy/core:outbox-options');

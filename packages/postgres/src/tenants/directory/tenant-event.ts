import type { TenantEvent, TenantEventKind } from '@tenancy/core/lifecycle';

/** Options of `TenantDirectory.deliverEvents`. */
export interface EventDelivery {
  /** The name by which is remembered what was delivered, such as that of a method. */
  readonly consumer: string;
  /**
   * The kinds of events that it takes.
   * @defaultValue all
   */
  readonly kinds?: readonly TenantEventKind[];
  /** Called with one event at a time. It may be called again with the same one: where it throws, and where the process is killed. */
  readonly handle: (event: TenantEvent) => unknown;
  /**
   * Ends it before the next event.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
}

/** The result of `TenantDirectory.deliverEvents`. */
export interface DeliveredEvents {
  readonly delivered: number;
  /** Each with the event that it is about. */
  readonly failed: readonly { readonly event: TenantEvent; readonly error: unknown }[];
  /** Milliseconds until the first that failed is due again; null where none waits. */
  readonly dueIn: number | null;
}

/** An event as it lies in the outbox, and as it is delivered. */
export interface OutboxEvent {
  /** Made when it was added: with the same one it may be delivered a second time, after a crash between two steps. */
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly data: unknown;
  /** Options of the queue's `add`, as they were given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The outcome of one event that was taken from the outbox. */
export type Delivery = (event: OutboxEvent) => Promise<void>;

/** The outcome of {@link OutboxStore.drain}. */
export interface Drained {
  /** Ids of what was delivered, and is gone. */
  readonly delivered: readonly string[];
  /** Ids of what failed, and stays, with the error. */
  readonly failed: readonly { readonly id: string; readonly attempts: number; readonly error: unknown }[];
  /** True when there may be more that could be delivered now. */
  readonly more: boolean;
}

/** The place that keeps the events of each tenant: its own rows, beside what they are about. */
export interface OutboxStore {
  /** Writes `event` in `transaction`, as the tenant of the context: it is there when that commits, and only then. */
  insert(transaction: unknown, event: OutboxEvent): Promise<void>;
  /** Hands the oldest events of the tenant of the context to `deliver`, in their order, and forgets those that it took. */
  drain(deliver: Delivery): Promise<Drained>;
}

/** The events in a tenant's life, by name: for a {@link TenantEventSource} that looks at which kinds it is asked for. */
export const tenantEventKinds = [
  'created',
  'renamed',
  'changed',
  'suspended',
  'resumed',
  'domain-verified',
  'domain-removed',
  'moved',
  'deleting',
  'deleted',
] as const;

/** An event in a tenant's life. */
export type TenantEventKind = (typeof tenantEventKinds)[number];

/** Something that has happened to a tenant. */
export interface TenantEvent {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: TenantEventKind;
  /** The time, in ISO 8601. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The place that events are kept in, such as `TenantDirectory` of `@tenancy/postgres/tenants`. */
export interface TenantEventSource {
  /**
   * Calls `handle` with each event that `consumer` has not had: those of a tenant in their order, and one after `handle` has thrown again by a later
   * call.
   *
   * @returns null where another process is at it; else what failed, and the milliseconds until the first of it is due, or null where none waits
   */
  deliverEvents(delivery: {
    readonly consumer: string;
    readonly kinds: readonly TenantEventKind[];
    readonly handle: (event: TenantEvent) => unknown;
    readonly signal: AbortSignal;
  }): Promise<{
    readonly failed: readonly { readonly event: TenantEvent; readonly error: unknown }[];
    readonly dueIn: number | null;
  } | null>;
  /** Tells of a change of a tenant; the answer ends it. Where there is none, events are looked for in rounds alone. */
  watch?(changed: (id?: string) => void): () => void | Promise<void>;
}

/** The common part of every audit event. An adapter adds what its actions are about. */
export interface AuditEvent {
  /** The action that is about to be done, such as `across_tenants`. */
  readonly action: string;
  /** The `id` of the tenant whose context was active, if one was. */
  readonly fromTenantId: string | null;
  /** Why, in the caller's words; null for an action that asks for no reason. */
  readonly reason: string | null;
  readonly at: Date;
}

/** The audit event of `TenantAdmin`, recorded before its work is done. */
export interface RunAsAuditEvent extends AuditEvent {
  readonly action: 'run_as';
  /** The `id` of the tenant that is entered. */
  readonly tenantId: string;
  /** Why, in the caller's words. */
  readonly reason: string;
}

/** The audit event of `TenantQueueAdmin`, recorded before its work is done. */
export interface QueueAuditEvent extends AuditEvent {
  readonly action: 'across_tenants' | 'delete_jobs';
  /** The name of the queue. */
  readonly queue: string;
  /** The `id` of the tenant whose jobs are deleted. */
  readonly tenantId?: string;
  /** Why, in the caller's words. */
  readonly reason: string;
}

/** The audit event of `TenantCacheAdmin`, recorded before its work is done. */
export interface CacheAuditEvent extends AuditEvent {
  readonly action: 'clear_cache' | 'clear_all_caches' | 'across_caches';
  /** The `id` of the tenant whose cache is cleared; null where it is about all of them. */
  readonly tenantId: string | null;
  /** Why, in the caller's words. */
  readonly reason: string;
}

/** The audit event of `TenantSocketAdmin`, recorded before its work is done. */
export interface SocketAuditEvent extends AuditEvent {
  readonly action: 'across_sockets';
  /** Why, in the caller's words. */
  readonly reason: string;
}

/** The audit event of `TenantStorageAdmin`, recorded before its work is done. */
export interface StorageAuditEvent extends AuditEvent {
  readonly action: 'delete_files';
  /** The `id` of the tenant whose files are deleted. */
  readonly tenantId: string;
  /** Why, in the caller's words. */
  readonly reason: string;
}

/** An event of any of them, as the sink of `TenancyModule` is told it; their `action` tells them apart. */
export type TenantAuditEvent =
  | RunAsAuditEvent
  | QueueAuditEvent
  | CacheAuditEvent
  | SocketAuditEvent
  | StorageAuditEvent;

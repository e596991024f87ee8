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
export interface TenantAuditEvent extends AuditEvent {
  readonly action: 'run_as';
  /** The `id` of the tenant that is entered. */
  readonly tenantId: string;
  /** Why, in the caller's words. */
  readonly reason: string;
}

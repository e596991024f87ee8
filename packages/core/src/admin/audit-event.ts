/** What `TenantAdmin` is about to do. */
export interface TenantAuditEvent {
  readonly action: 'run_as';
  /** The `id` of the tenant that is entered. */
  readonly tenantId: string;
  /** The `id` of the tenant whose context was active, if one was. */
  readonly fromTenantId: string | null;
  /** Why, in the caller's words. */
  readonly reason: string;
  readonly at: Date;
}

/** The one line in the log for a message that was refused: which handler, why, and the fix. */
export const refusedMessage = (code: string, kind: 'message' | 'event' | 'WebSocket', handler: string): string =>
  `${code}: the ${kind} handler ${handler} was called without a tenant, and did not run. Enter the tenant around it, or mark ` +
  'it `@Untenanted()`: there `TenantContext.run(tenant, …)` enters one.';

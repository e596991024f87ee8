import type { TenancyError } from '../errors/tenancy-error.js';

/** The one line in the log for a message that was refused: which handler, of what kind, why, and the fix. */
export const refusedMessage = (code: string, kind: string, handler: string): string =>
  `${code}: the ${kind} handler ${handler} was called without a tenant, and did not run. ${fixOf(kind)}, or mark ` +
  'it `@Untenanted()`: there `TenantContext.run(tenant, …)` enters one.';

/** The same, where the refusal itself says why. */
export const refusedBecause = (refusal: TenancyError, kind: string, handler: string): string =>
  `the ${kind} handler ${handler} did not run: ${refusal.message}`;

const fixOf = (kind: string) =>
  kind === 'WebSocket'
    ? 'Let connections be identified: `app.useWebSocketAdapter(tenantSockets(new IoAdapter(app)))`, with `tenantSockets` of ' +
      '@tenancy/core/websockets. Or enter the tenant around it'
    : 'Enter the tenant around it';

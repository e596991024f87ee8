import { expect } from 'vitest';
import { type ParsedResponse, type Refusal, refusesTenant } from './matchers/refuses-tenant.js';
import { requiresTenant } from './matchers/requires-tenant.js';

expect.extend({
  toRefuseTenant: (response: ParsedResponse, code: Refusal) => refusesTenant(response, code),
  toRequireTenant: (work: () => unknown) => requiresTenant(work),
});

interface TenantMatchers<R> {
  /** The response is the refusal `code`: its status, and a body with nothing more in it. */
  toRefuseTenant(code: Refusal): R;
  /** The function throws `tenant_context_missing` without a tenant. To be awaited. */
  toRequireTenant(): Promise<R>;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: it has to repeat Vitest's own declaration.
  interface Matchers<T = any> extends TenantMatchers<T> {}
}

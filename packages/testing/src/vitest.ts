import { expect } from 'vitest';
import { type TenantMatchers, tenantMatchers } from './matchers/tenant-matchers.js';

expect.extend(tenantMatchers);

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: it has to repeat Vitest's own declaration.
  interface Matchers<T = any> extends TenantMatchers<T> {}
}

import { type TenantMatchers, tenantMatchers } from './matchers/tenant-matchers.js';
import {
  type DescribeIsolationOptions,
  describeIsolation as describeWith,
  type HarnessSource,
} from './proof/describe-isolation.js';
import { refuseJest } from './proof/runner.js';

refuseJest();
// Only now: a static import would come before it.
const { afterAll, describe, expect, it } = await import('vitest');
expect.extend(tenantMatchers);

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: it has to repeat Vitest's own declaration.
  interface Matchers<T = any> extends TenantMatchers<T> {}
}

/** One test for each entrance of the application, and one that fails on any that nobody has proven. */
export function describeIsolation(source: HarnessSource, options?: DescribeIsolationOptions): void {
  describeWith({ describe, it, afterAll }, source, options);
}

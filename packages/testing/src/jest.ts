import type {} from 'expect';
import { type TenantMatchers, tenantMatchers } from './matchers/tenant-matchers.js';
import {
  type DescribeIsolationOptions,
  describeIsolation as describeWith,
  type HarnessSource,
  type Runner,
} from './proof/describe-isolation.js';
import { underVitest } from './proof/runner.js';

interface Expect {
  extend?(matchers: object): void;
}

const { expect } = globalThis as { readonly expect?: Expect };
if (typeof expect?.extend !== 'function') {
  if (underVitest()) {
    throw new Error(
      '@tenancy/testing/jest: these tests are run by Vitest. Import `@tenancy/testing/vitest` instead: it has the same `describeIsolation` and matchers.',
    );
  }
  throw new Error(
    '@tenancy/testing/jest: there is no `expect` to extend. Import it in a test or in `setupFilesAfterEnv`, not in ' +
      '`setupFiles`. With `injectGlobals: false`, call `expect.extend(tenantMatchers)` from `@tenancy/testing` yourself.',
  );
}
expect.extend(tenantMatchers);

// Of `@jest/globals`.
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends TenantMatchers<R> {}
}

declare global {
  // Of `@types/jest`.
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: it has to repeat their own declaration.
    interface Matchers<R, T = {}> extends TenantMatchers<R> {}
  }
}

/**
 * One test for each entrance of the application, and one that fails on any that nobody has proven. CommonJS cannot wait for a
 * harness before tests are defined: pass a function that makes it, and one test proves all of them, or one each with the setup
 * `@tenancy/testing/jest-setup`.
 */
export function describeIsolation(source: HarnessSource, options?: DescribeIsolationOptions): void {
  const { describe, it, afterAll } = globalThis as unknown as Runner;
  describeWith({ describe, it, afterAll }, source, options);
}

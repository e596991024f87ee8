import { createRequire } from 'node:module';
import { definedAfter } from './proof/awaited.js';

interface Expect {
  getState?(): { readonly testPath?: string };
}

/**
 * Jest's setup for CommonJS, so that `describeIsolation(() => createIsolationHarness(…))` defines one test for each entrance there as
 * well: Jest (30 or newer) waits for it, and it waits for the harness. A test file without `describeIsolation` is loaded a moment sooner,
 * and nothing else. The last of `setupFilesAfterEnv`, as the test file is loaded here. For CommonJS alone: an ES module can wait by itself.
 *
 * @throws Error where it stands in `setupFiles`, and whatever the making of the harness throws.
 *
 * @example
 * ```js
 * // jest.config.js
 * module.exports = { setupFilesAfterEnv: ['@tenancy/testing/jest-setup'] };
 * ```
 */
export default async function defineEntrances(): Promise<void> {
  const { testPath } = (globalThis as { readonly expect?: Expect }).expect?.getState?.() ?? {};
  if (testPath === undefined) {
    throw new Error(
      '@tenancy/testing/jest-setup: which test file it is, is not known. List it in `setupFilesAfterEnv`.',
    );
  }
  await definedAfter(() => createRequire(import.meta.url)(testPath));
}

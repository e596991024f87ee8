/** True when Jest runs this process, and no Vitest in it: what one test runner starts inherits the other's environment. */
const underJest = (): boolean => process.env['JEST_WORKER_ID'] !== undefined && !underVitest();

export const underVitest = (): boolean => '__vitest_worker__' in globalThis;

/** Jest would fail on Vitest itself, which it cannot load or has not installed. */
export function refuseJest(): void {
  if (!underJest()) return;
  throw new Error(
    '@tenancy/testing/vitest: these tests are run by Jest. Import `@tenancy/testing/jest` instead: it has the same `describeIsolation` and matchers.',
  );
}

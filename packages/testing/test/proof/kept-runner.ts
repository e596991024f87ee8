import type { Runner } from '../../src/proof/describe-isolation.js';

/** A runner that keeps what is defined, and runs it when it is asked. */
export function keptRunner() {
  const tests: [string, () => Promise<void>][] = [];
  const after: (() => Promise<void>)[] = [];
  const kept: Runner = {
    describe: (_name, define) => define(),
    it: (name, test) => void tests.push([name, test]),
    afterAll: (work) => void after.push(work),
  };
  const end = async () => {
    for (const work of after) await work();
  };
  const run = async () => {
    const failed: Record<string, string> = {};
    for (const [name, test] of tests) await test().catch((error: Error) => (failed[name] = error.message));
    await end();
    return failed;
  };
  return { kept, tests, run, end };
}

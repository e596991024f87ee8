import type { Reporter, TestModule } from 'vitest/node';

/** Files that are named with their seconds, where a run had more. */
const SLOWEST = 25;

/**
 * Ends a run with its slowest files and `N passed, N failed, N skipped` on a line of its own. A module that fails to load and a hook that fails
 * count as failures, and so does a run that never came to a test: nothing that passed is no success.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    let skipped = 0;
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
      }
    }
    const slowest = modules.length > SLOWEST ? slowestOf(modules) : '';
    // After the other reporters' summary, which is written in the same hook.
    process.once('exit', (code) => {
      if (passed + failed + skipped === 0 || (code !== 0 && failed === 0)) failed = 1;
      if (failed > 0) process.exitCode = 1;
      process.stdout.write(`${slowest}${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }
}

function slowestOf(modules: readonly TestModule[]): string {
  const timed = modules.map((module) => {
    const { collectDuration, duration } = module.diagnostic();
    return { file: `${module.project.name} ${module.relativeModuleId}`, seconds: (collectDuration + duration) / 1000 };
  });
  timed.sort((one, other) => other.seconds - one.seconds);
  const lines = timed.slice(0, SLOWEST).map(({ file, seconds }) => `${seconds.toFixed(0).padStart(6)} s  ${file}\n`);
  return `The slowest files:\n${lines.join('')}`;
}

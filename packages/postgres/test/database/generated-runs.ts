import type { Parameters } from 'fast-check';

/** Milliseconds after which a property ends by itself: a test that is out of time ends without saying which seed it had. */
const TIME_LIMIT = 240_000;

/**
 * The parameters of a property that takes its time, `numRuns` times with a seed of its own. Its failure shows the seed and the counterexample.
 * FUZZ_SEED is the seed to run it with again, FUZZ_OPERATIONS another number of runs.
 */
export function generatedRuns<T = void>(numRuns: number): Parameters<T> {
  const { FUZZ_SEED, FUZZ_OPERATIONS } = process.env;
  return {
    numRuns: Number(FUZZ_OPERATIONS ?? numRuns),
    interruptAfterTimeLimit: TIME_LIMIT,
    markInterruptAsFailure: true,
    ...(FUZZ_SEED === undefined ? {} : { seed: Number(FUZZ_SEED) }),
  };
}

import type { IsolationHarness } from '../harness/isolation-harness.js';

/**
 * Does work that plants, cleans and calls. Two at once in one application would each see what the other does.
 *
 * @throws TypeError while other work is under way in it.
 */
export async function alone<T>(harness: IsolationHarness, work: () => Promise<T>): Promise<T> {
  if (busy.has(harness)) {
    throw new TypeError(
      'Another proof is under way in this application, and each would see what the other plants. Prove one entrance after the ' +
        'other: not with `concurrent` tests, nor two proofs of one harness at once.',
    );
  }
  busy.add(harness);
  try {
    return await work();
  } finally {
    busy.delete(harness);
  }
}

const busy = new WeakSet<IsolationHarness>();

import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { Finding } from '../attacks/attack.js';
import type { Limit } from '../limit.js';
import type { ProofOptions } from '../proof-options.js';
import type { Trials } from './trials.js';

/** A fresh application, and whatever holds for all of them. */
export interface World {
  readonly harness: IsolationHarness;
  readonly options: ProofOptions;
  /** After it, no further call is made. */
  readonly limit: Limit;
  readonly trials: Trials;
  /** Is told of what is found at an entrance; the first is kept. */
  readonly found: (entrance: string, finding: Finding) => void;
}

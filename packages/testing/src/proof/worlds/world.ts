import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { Finding } from '../attacks/attack.js';
import type { Example } from '../target/example.js';
import type { Limit } from '../target/limit.js';
import type { Trials } from './trials.js';

/** The part of a proof's options that its calls depend on. */
export interface WorldOptions {
  readonly examples?: Readonly<Record<string, Example>>;
  readonly exempt?: Readonly<Record<string, unknown>>;
}

/** A fresh application, and whatever holds for all of them. */
export interface World {
  readonly harness: IsolationHarness;
  readonly options: WorldOptions;
  /** After it, no further call is made. */
  readonly limit: Limit;
  readonly trials: Trials;
  /** Is told of what is found at an entrance; the first is kept. */
  readonly found: (entrance: string, finding: Finding) => void;
}

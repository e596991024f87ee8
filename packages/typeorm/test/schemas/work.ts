import type { Args } from '../../../../test/oracle/arguments.js';

/** One call, as data: what it is of, and what it is given. */
export interface Operation {
  readonly kind: string;
  readonly model: string;
  readonly isWrite: boolean;
  readonly isOrdered: boolean;
  readonly args: Args;
}

export interface Work {
  readonly together: 'one' | 'transaction';
  readonly operations: readonly Operation[];
  /** Whether rows come without the tenant, which the scope then puts on them. Alone they name it. */
  readonly isStripped: boolean;
}

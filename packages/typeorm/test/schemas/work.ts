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
  /** True when rows come without the tenant, which the scope then puts on them. Alone they name it. */
  readonly isStripped: boolean;
  /** True when it is done as a tenant whose id a column that compares loosely takes for that of another. */
  readonly isTwin?: true;
}

import type { Args } from '../../../../test/oracle/arguments.js';

/** One call of a model's delegate. */
export interface Operation {
  readonly model: string;
  readonly operation: string;
  readonly args: Args;
  /** The fluent API goes on through these. */
  readonly path: readonly string[];
  /** True when the order of everything in the answer was asked for. */
  readonly isOrdered: boolean;
}

/** One operation; or several: in a transaction of either form, or in one tick. */
export interface Work {
  readonly together: 'one' | 'array' | 'callback' | 'tick';
  readonly operations: readonly Operation[];
  /** True when it was made with a row or the id of another tenant, whatever becomes of that. */
  readonly namesOther: boolean;
}

export const READS: readonly string[] = [
  'findMany',
  'findFirst',
  'findFirstOrThrow',
  'findUnique',
  'findUniqueOrThrow',
  'count',
  'aggregate',
  'groupBy',
];

export const isRead = ({ operations }: Work): boolean => operations.every(({ operation }) => READS.includes(operation));

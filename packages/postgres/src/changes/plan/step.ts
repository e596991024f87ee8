/** A table with its schema. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** A column of a primary key, and its type as SQL writes it. */
export interface KeyColumn {
  readonly name: string;
  readonly type: string;
}

interface AnyStep {
  readonly name: string;
  readonly table: TableName;
  /** Statements that undo what the step leaves, when the change is given up before its end. */
  readonly undo: readonly string[];
}

/** Statements in one transaction, together with the record that they are done. */
export interface StatementStep extends AnyStep {
  readonly kind: 'statement';
  readonly sql: readonly string[];
  /** True for what holds an exclusive lock, and so may neither wait nor work long; false for a scan beside writers. */
  readonly isExclusive: boolean;
}

/** Fills a column where it is NULL, in the order of the primary key, each batch in a transaction of its own. */
export interface BackfillStep extends AnyStep {
  readonly kind: 'backfill';
  readonly key: readonly KeyColumn[];
  readonly column: string;
  /** An SQL expression over the row. */
  readonly value: string;
  /** True where no NULL may be left in the end. */
  readonly isComplete: boolean;
}

/** An index that is built beside writers, outside any transaction. */
export interface IndexStep extends AnyStep {
  readonly kind: 'index';
  readonly index: string;
  readonly isUnique: boolean;
  /** The definition, from `using` on. */
  readonly body: string;
  /** The same, as the catalog has it: a valid index of this name with another one is somebody else's. */
  readonly signature: string;
  /** True for a partitioned table: its index is put together from those of its partitions. */
  readonly isPartitioned: boolean;
}

/** A part of a change: done as a whole or not at all, and never twice. It is kept as JSON in the record of the change. */
export type Step = StatementStep | BackfillStep | IndexStep;

import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { enclosed } from './names.js';
import type { StatementStep, Step } from './step.js';

/** The strongest lock that a step may take on a table, as PostgreSQL names them. */
export type StepLock =
  | 'ROW EXCLUSIVE'
  | 'SHARE UPDATE EXCLUSIVE'
  | 'SHARE'
  | 'SHARE ROW EXCLUSIVE'
  | 'ACCESS EXCLUSIVE';

/** A step of a change, the SQL that it sends, and the lock that it takes. */
export interface ChangeStep {
  readonly name: string;
  readonly sql: readonly string[];
  /** Those of `SHARE` and above keep writers out: for some milliseconds, or the step makes way. */
  readonly lock: StepLock;
}

/** The step as a reader sees it: a backfill is one statement, which is sent for a part of the rows at a time. */
export function sqlOf(step: Step): ChangeStep {
  switch (step.kind) {
    case 'statement':
      return { name: step.name, sql: step.sql, lock: lockOf(step) };
    case 'index': {
      const unique = step.isUnique ? 'unique ' : '';
      return {
        name: step.name,
        // A partitioned table's own entry is made without `concurrently`.
        lock: step.isPartitioned ? 'SHARE' : 'SHARE UPDATE EXCLUSIVE',
        sql: [
          `create ${unique}index concurrently ${quoteIdentifier(step.index)} on ${quoteQualified(step.table)} ${step.body}`,
        ],
      };
    }
    case 'backfill': {
      const [own, column] = [quoteIdentifier(step.table.name), quoteIdentifier(step.column)];
      const batch = `(${step.key.map(({ name }) => quoteIdentifier(name)).join(', ')})`;
      return {
        name: step.name,
        lock: 'ROW EXCLUSIVE',
        sql: [
          `update ${quoteQualified(step.table)} as ${own} set ${column} = ${enclosed(step.value)} where ${column} is null and ${batch} in (/* the next batch */)`,
        ],
      };
    }
  }
}

function lockOf({ isExclusive, sql }: StatementStep): StepLock {
  if (!isExclusive) return 'SHARE UPDATE EXCLUSIVE';
  const isForeignKey = (one: string) => /^alter table .* add constraint .* foreign key \(/.test(one);
  return sql.every(isForeignKey) ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
}

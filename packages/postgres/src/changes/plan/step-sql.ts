import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { enclosed } from './names.js';
import type { Step } from './step.js';

/** A step of a change, and the SQL that it sends. */
export interface ChangeStep {
  readonly name: string;
  readonly sql: readonly string[];
}

/** The step as a reader sees it: a backfill is one statement, which is sent for a part of the rows at a time. */
export function sqlOf(step: Step): ChangeStep {
  switch (step.kind) {
    case 'statement':
      return { name: step.name, sql: step.sql };
    case 'index': {
      const unique = step.isUnique ? 'unique ' : '';
      return {
        name: step.name,
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
        sql: [
          `update ${quoteQualified(step.table)} as ${own} set ${column} = ${enclosed(step.value)} where ${column} is null and ${batch} in (/* the next batch */)`,
        ],
      };
    }
  }
}

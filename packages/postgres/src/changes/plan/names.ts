import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import type { TableName } from './step.js';

/** Twelve digits that stand for a change in the names of what it makes, and of its connections. */
export function changeId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 12);
}

/** Names of what a change makes in the database for as long as it runs. */
export function scaffolding(table: TableName, id: string) {
  return {
    function: quoteQualified({ schema: table.schema, name: `tenancy_change_${id}` }),
    // Triggers fire in the order of their names: this one sees what the others did to the row.
    trigger: quoteIdentifier(`zz_tenancy_change_${id}`),
    check: quoteIdentifier(`tenancy_change_${id}`),
    column: `tenancy_change_${id}`,
  };
}

/** An expression in parentheses that a comment at its end does not swallow. */
export function enclosed(expression: string): string {
  return `(${expression}\n)`;
}

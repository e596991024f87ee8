import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import type { RenameColumn } from './rename-column.js';
import type { TableName } from './step.js';

/** Twelve digits that stand for a change in the names of what it makes, and of its connections. */
export function changeId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 12);
}

/** Names of what a change makes in the database for as long as it runs. */
export function scaffolding(table: TableName, id: string) {
  const base = `tenancy_change_${id}`;
  return {
    base,
    function: quoteQualified({ schema: table.schema, name: base }),
    check: quoteIdentifier(base),
    column: base,
  };
}

/** An expression in parentheses that a comment at its end does not swallow. */
export function enclosed(expression: string): string {
  return `(${expression}\n)`;
}

/** The name of a rename, or of its end. */
export function renameName({ kind, table, from, to }: RenameColumn): string {
  return `${kind} ${quoteQualified(table)}.${from} to ${to}`;
}

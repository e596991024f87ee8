import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { enclosed, scaffolding } from './names.js';
import type { TableName } from './step.js';

export interface Stamp {
  readonly table: TableName;
  readonly id: string;
  /** Statements of PL/pgSQL that change `new`. */
  readonly body: string;
  /** A condition over `new` (and `old`, for updates) without which the row is left alone. */
  readonly when?: string;
}

/**
 * A trigger that keeps rows right which are written while the others are filled. It runs as the role that fills them, so that an
 * expression has the same value in both: the writer's own rights and policies do not matter to it.
 */
export function stampingTrigger({ table, id, body, when }: Stamp): string[] {
  const names = scaffolding(table, id);
  const path = `${quoteIdentifier(table.schema)}, public, pg_temp`;
  let quote = '$tenancy$';
  for (let n = 1; body.includes(quote); n += 1) quote = `$tenancy${n}$`;
  return [
    `create function ${names.function}() returns trigger language plpgsql security definer ` +
      `set search_path = ${path} set row_security = off as ${quote}\n#variable_conflict use_column\nbegin\n${body}\nreturn new;\nend\n${quote}`,
    `revoke all on function ${names.function}() from public`,
    `create trigger ${names.trigger} before insert or update on ${quoteQualified(table)} for each row ` +
      `${when === undefined ? '' : `when ${enclosed(when)} `}execute function ${names.function}()`,
  ];
}

/** The value of an expression over the row, into a column of it. */
export function stamped(table: TableName, column: string, value: string): string {
  return `select ${enclosed(value)} into new.${quoteIdentifier(column)} from (select new.*) as ${quoteIdentifier(table.name)};`;
}

export function dropStamping(table: TableName, id: string): string[] {
  const names = scaffolding(table, id);
  return [
    `drop trigger if exists ${names.trigger} on ${quoteQualified(table)}`,
    `drop function if exists ${names.function}()`,
  ];
}

import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { enclosed } from '../plan/names.js';
import type { BackfillStep, KeyColumn } from '../plan/step.js';

/** A part of the rows, in the order of the primary key. */
export interface Batch {
  readonly seen: number;
  /** The last key, as text; null where there are no more rows. */
  readonly last: readonly string[] | null;
}

/** The greatest key, as text: rows that come after it are written by others, who have the trigger. */
export function lastKeySql({ table, key }: BackfillStep): string {
  const names = key.map(({ name }) => quoteIdentifier(name));
  return `select json_build_array(${names.map((name) => `${name}::text`)}) as key from ${quoteQualified(table)}
    order by ${names.map((name) => `${name} desc`)} limit 1`;
}

/**
 * The next rows by primary key. `$1` is their greatest number; behind it come the last key of all, and the one that they come after,
 * if any.
 *
 * O25: by ctid, a row that is updated meanwhile would move behind the cursor, and stay as it was.
 */
export function nextBatchSql({ table, key }: BackfillStep, isFirst: boolean): string {
  const names = key.map(({ name }) => quoteIdentifier(name));
  const aliases = names.map((_, n) => `tenancy_k${n}`);
  const after = isFirst ? '' : `and (${names}) > ${given(key, 2 + key.length)}`;
  return `with tenancy_batch as (
      select ${names.map((name, n) => `${name} as ${aliases[n]}`)} from ${quoteQualified(table)}
      where (${names}) <= ${given(key, 2)} ${after} order by ${names} limit $1
    )
    select count(*)::int as seen, (select json_build_array(${aliases.map((alias) => `${alias}::text`)})
      from tenancy_batch order by ${aliases.map((alias) => `${alias} desc`)} limit 1) as last from tenancy_batch`;
}

/** Fills the rows up to a key, which comes first among the parameters, from behind another one, if any. */
export function fillSql({ table, key, column, value }: BackfillStep, isFirst: boolean): string {
  const own = quoteIdentifier(table.name);
  const names = key.map(({ name }) => `${own}.${quoteIdentifier(name)}`);
  return `update ${quoteQualified(table)} as ${own} set ${quoteIdentifier(column)} = ${enclosed(value)}
    where (${names}) <= ${given(key, 1)} ${isFirst ? '' : `and (${names}) > ${given(key, 1 + key.length)}`}
      and ${own}.${quoteIdentifier(column)} is null and ${enclosed(value)} is not null`;
}

function given(key: readonly KeyColumn[], from: number): string {
  return `(${key.map(({ type }, n) => `$${from + n}::text::${type}`)})`;
}

/** Finds out if rows are left that have no value; where the backfill does not give every row one, rows that there is one for. */
export function leftSql({ table, column, value, isComplete }: BackfillStep): string {
  const own = quoteIdentifier(table.name);
  const without = `${own}.${quoteIdentifier(column)} is null`;
  return `select 1 as left from ${quoteQualified(table)} as ${own} where ${without}${isComplete ? '' : ` and ${enclosed(value)} is not null`} limit 1`;
}

import type { Client } from 'pg';
import { quoteIdentifier, quoteLiteral } from '../../policies/quoting.js';
import { copy } from './copy-rows.js';
import type { TablePair } from './row-source.js';

/** Keys of rows that were written, for as long as a session lasts: `place` as `schema.name`, and the values of the key as text. */
export const TOUCHED = 'pg_temp.tenancy_touched';

/** Makes {@link TOUCHED}, without those of an earlier round. */
export const MAKE_TOUCHED = `drop table if exists ${TOUCHED}; create temp table tenancy_touched (place text collate "C" not null, key text[])`;

/** Gives {@link TOUCHED} of a session to another one. */
export async function sendTouched(from: Client, to: Client): Promise<void> {
  await to.query(MAKE_TOUCHED);
  await copy(from, `select place, key from ${TOUCHED}`, to, TOUCHED);
  await to.query(`analyze ${TOUCHED}`);
}

/** Keys of a table that were written since the last round. */
export interface TouchedTable {
  /** As `schema.name`. */
  readonly table: string;
  readonly keys: number;
  /** True where the whole table was emptied, so that each of its rows counts as written. */
  readonly isEmptied: boolean;
}

/** Rows of a table on both sides: all of the tenant, or those that were touched. */
export interface Portion {
  readonly pair: TablePair;
  /** Conditions on the rows of each side, as SQL. */
  readonly from: string;
  readonly to: string;
}

/** All rows of the tenant. */
export function wholeTables(pairs: readonly TablePair[]): readonly Portion[] {
  return pairs.map((pair) => ({ pair, from: 'true', to: 'true' }));
}

/** The rows of {@link TOUCHED}, which both sides have. */
export function touchedRows(pairs: readonly TablePair[], touched: readonly TouchedTable[]): readonly Portion[] {
  return pairs.flatMap((pair) => {
    const found = touched.find(({ table }) => table === `${pair.from.schema}.${pair.from.name}`);
    if (!found) return [];
    if (found.isEmptied) return wholeTables([pair]);
    return [{ pair, from: isTouched(pair, 'from'), to: isTouched(pair, 'to') }];
  });
}

/** The tenant's own column is not compared: a row that came from another tenant is looked for under the same key. */
function isTouched(pair: TablePair, side: 'from' | 'to'): string {
  const { from, to } = pair;
  const key = from.key
    .map((column, n) => ({ column, at: n + 1 }))
    .filter(({ column }) => column !== from.tenantColumn && column !== to.tenantColumn);
  const noted = `from ${TOUCHED} k where k.place = ${quoteLiteral(`${from.schema}.${from.name}`)}`;
  if (key.length === 0) return `exists (select ${noted})`;
  const typeOf = (name: string) => pair[side].columns.find((column) => column.name === name)?.type;
  const values = key.map(({ column, at }) => `k.key[${at}]::${typeOf(column)}`);
  return `(${key.map(({ column }) => quoteIdentifier(column)).join(', ')}) in (select ${values.join(', ')} ${noted})`;
}

import type { ClientBase } from 'pg';
import { ask } from '../../protocol/ask.js';
import type { PlacedTable } from '../places/tenant-tables.js';
import { rowsOf } from './row-source.js';

/** Number and hash of the rows of a table, in whatever order they lie. */
export interface CountAndHash {
  readonly rows: string;
  readonly hash: string;
}

/** Counts and hashes the tenant's rows. The open transaction has the settings of `PINNED`. */
export async function countAndHash(
  client: ClientBase,
  table: PlacedTable,
  columns: readonly string[],
  tenant: string,
): Promise<CountAndHash> {
  // Sums of 64 bits under two seeds: a row that is there twice counts twice.
  const sum = (seed: number) => `coalesce(sum(hashtextextended(r::text, ${seed})::numeric), 0)`;
  const [found] = await ask<'rows' | 'hash'>(
    client,
    `select count(*)::text as rows, concat(${sum(0)}, ':', ${sum(1)}) as hash from (${rowsOf(table, columns, tenant)}) r`,
  );
  return { rows: found?.rows ?? '', hash: found?.hash ?? '' };
}

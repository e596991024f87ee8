import type { ClientBase } from 'pg';
import { ask } from '../../protocol/ask.js';

/** Number and hash of the rows of a table, in whatever order they lie. */
export interface CountAndHash {
  readonly rows: string;
  readonly hash: string;
}

/**
 * Counts and hashes rows. The open transaction has the settings of `PINNED`.
 *
 * @param rows - a query, as `rowsOf` makes it
 */
export async function countAndHash(client: ClientBase, rows: string): Promise<CountAndHash> {
  // Sums of 64 bits under two seeds: a row that is there twice counts twice. `r` alone would be a column of that name.
  const sum = (seed: number) => `coalesce(sum(hashtextextended((r.*)::text collate "C", ${seed})), 0)`;
  const [found] = await ask<'rows' | 'hash'>(
    client,
    `select count(*)::text as rows, concat(${sum(0)}, ':', ${sum(1)}) as hash from (${rows}) r`,
  );
  return { rows: found?.rows ?? '', hash: found?.hash ?? '' };
}

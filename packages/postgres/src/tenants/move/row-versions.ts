import type { ClientBase } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';

/** Number of row versions, and a hash of where each stands and which transaction wrote it. Both can be added and taken away. */
export interface RowVersions {
  readonly rows: bigint;
  readonly hash: bigint;
}

/** A part of a table: rows under a condition, as SQL. */
export interface TablePart {
  readonly table: PlacedTable;
  readonly condition: string;
}

/** A row that is written anew has another place, whatever its values are: no value is read, however long it is. */
const HASH = 'hashtidextended(ctid, (tableoid::bigint << 32) | xmin::text::bigint)';

/** The versions of the tenant's rows in each part, by one statement. */
export async function rowVersions(
  client: ClientBase,
  tenant: string,
  parts: readonly TablePart[],
): Promise<readonly RowVersions[]> {
  if (parts.length === 0) return [];
  const counts = parts.map(
    ({ table, condition }, n) =>
      `select ${n} as part, count(*) as rows, coalesce(sum(${HASH}), 0) as hash from ${quoteQualified(table)}
        where ${isOwn(table, tenant)} and ${condition}`,
  );
  const found = await ask<'rows' | 'hash'>(client, `${counts.join(' union all ')} order by part`);
  return found.map(({ rows, hash }) => ({ rows: BigInt(rows as string), hash: BigInt(hash as string) }));
}

import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { rowsOf, type TablePair } from './row-source.js';

/**
 * Copies the tenant's rows of a table from server to server, never through values of JavaScript, in which a timestamp loses its microseconds (O35).
 * Both connections have a transaction open with the settings of `PINNED`.
 *
 * @param condition - on the rows, as SQL
 * @returns the number of rows
 * @throws TenantFloorError `floor_misconfigured` where `pg-copy-streams` is not installed.
 */
export async function copyRows(
  { from, to, columns }: TablePair,
  tenant: string,
  source: ClientBase,
  target: ClientBase,
  condition = 'true',
): Promise<number> {
  // The tenant of a row among others is this one, whatever the source says: never another's.
  const own = to.tenantColumn;
  const read = columns.filter((column) => column !== own);
  const rows = rowsOf(from, read, tenant, condition);
  const query = own === null ? rows : `select r.*, ${quoteLiteral(tenant)} from (${rows}) r`;
  const listed = [...read, ...(own === null ? [] : [own])].map((column) => quoteIdentifier(column)).join(', ');
  return copy(source, query, target, `${quoteQualified(to)} (${listed})`);
}

/** Pipes the rows of a query of one side into a table of the other. */
export async function copy(source: ClientBase, query: string, target: ClientBase, into: string): Promise<number> {
  const streams = await copyStreams();
  const written = target.query(streams.from(`copy ${into} from stdin`));
  await pipeline(source.query(streams.to(`copy (${query}) to stdout`)), written);
  return written.rowCount;
}

/**
 * The streams of COPY.
 *
 * @throws TenantFloorError `floor_misconfigured` where `pg-copy-streams` is not installed.
 */
export async function copyStreams() {
  try {
    return await import('pg-copy-streams');
  } catch (cause) {
    throw misconfigured('rows are copied by `pg-copy-streams`, which is not installed. Install it beside `pg`.', {
      cause,
    });
  }
}

import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { rowsOf, type TablePair } from './row-source.js';

/**
 * Copies the tenant's rows of a table from server to server, never through values of JavaScript, in which a timestamp loses its microseconds (O35).
 * Both connections have a transaction open with the settings of `PINNED`.
 *
 * @returns the number of rows
 * @throws TenantFloorError `floor_misconfigured` where `pg-copy-streams` is not installed.
 */
export async function copyRows(
  { from, to, columns }: TablePair,
  tenant: string,
  source: ClientBase,
  target: ClientBase,
): Promise<number> {
  const { from: into, to: out } = await copyStreams();
  // The tenant of a row among others is this one, whatever the source says: never another's.
  const own = to.tenantColumn;
  const read = columns.filter((column) => column !== own);
  const rows = rowsOf(from, read, tenant);
  const query = own === null ? rows : `select r.*, ${quoteLiteral(tenant)} from (${rows}) r`;
  const listed = [...read, ...(own === null ? [] : [own])].map((column) => quoteIdentifier(column)).join(', ');
  const written = target.query(into(`copy ${quoteQualified(to)} (${listed}) from stdin`));
  await pipeline(source.query(out(`copy (${query}) to stdout`)), written);
  return written.rowCount;
}

async function copyStreams() {
  try {
    return await import('pg-copy-streams');
  } catch (cause) {
    throw misconfigured('moveTenant needs `pg-copy-streams`, which is not installed. Install it beside `pg`.', {
      cause,
    });
  }
}

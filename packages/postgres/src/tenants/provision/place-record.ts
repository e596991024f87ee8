import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { ask } from '../../protocol/ask.js';
import { TenantsError } from '../tenants-error.js';

/** All that a later call needs to know of a place that an earlier one began to make. The caller keeps it where a kill does not reach it. */
export interface PlaceRecord {
  /** The connection limit by which a half-made database is known: nobody else's has it. */
  readonly token?: number;
  /** The transaction that makes the place and all that is in it. */
  readonly transaction?: string;
}

/** Milliseconds for what a killed process left at work on the server to end. */
const LEFT = 10_000;

/**
 * True where the transaction of the record was committed, so that the place and all that is in it are there.
 *
 * @throws TenantsError `tenant_busy` where it is still at work.
 */
export async function isMade(client: ClientBase, { transaction }: PlaceRecord): Promise<boolean> {
  if (transaction === undefined) return false;
  for (const end = Date.now() + LEFT; ; await sleep(50)) {
    const [row] = await ask<'status'>(client, 'select pg_xact_status($1::xid8) as status', [transaction]);
    if (row?.status === 'committed') return true;
    if (row?.status === 'aborted') return false;
    if (row?.status !== 'in progress') {
      throw new TenantsError(
        'operation_failed',
        'the server does not know any more whether what was begun there long ago was committed. Nothing was done. Look whether the place is there, and remove it and the tenant.',
      );
    }
    if (Date.now() < end) continue;
    throw new TenantsError(
      'tenant_busy',
      'what an earlier run began is still at work on the server. Nothing was done. Run again when it has ended.',
    );
  }
}

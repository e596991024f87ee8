import type { Client } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { isOwn } from '../places/tenant-tables.js';
import { copyRows } from './copy-rows.js';
import { PINNED } from './row-source.js';
import { type Portion, sendTouched } from './touched.js';

/** Both sides of a move, connected. */
export interface Sides {
  readonly tenant: string;
  readonly source: Client;
  readonly target: Client;
}

/** A consistent view of one side, to be ended with `commit` or `rollback`. */
export async function beginSnapshot(client: Client): Promise<void> {
  await client.query(`begin isolation level repeatable read; ${PINNED}`);
}

/**
 * Brings some rows of the target to what the source's open snapshot has, in one transaction of the target: what is there goes, children first, and
 * comes again, parents first. It may run again with the same rows or more.
 *
 * No trigger fires there, neither the application's nor those of foreign keys, which would take rows along that stay; `checkReferences` looks
 * after them.
 *
 * @param events.beforeWriting - runs in the target's transaction, which has `TOUCHED`
 * @returns the number of rows that were copied, for each portion
 */
export async function transfer(
  { tenant, source, target }: Sides,
  portions: readonly Portion[],
  {
    beforeWriting = async () => {},
    onTable = () => {},
  }: {
    readonly beforeWriting?: () => Promise<void>;
    readonly onTable?: (table: string, rows: number) => void;
  } = {},
): Promise<readonly number[]> {
  await target.query(`begin; ${PINNED}; set local session_replication_role = replica`);
  try {
    if (portions.some(({ from }) => from !== 'true')) await sendTouched(source, target);
    await beforeWriting();
    for (const { pair, to } of portions.toReversed()) {
      await target.query(`delete from ${quoteQualified(pair.to)} where ${isOwn(pair.to, tenant)} and ${to}`);
    }
    const copied: number[] = [];
    for (const { pair, from } of portions) {
      const rows = await copyRows(pair, tenant, source, target, from);
      copied.push(rows);
      onTable(pair.to.name, rows);
    }
    await target.query('commit');
    return copied;
  } catch (error) {
    await target.query('rollback').catch(() => {});
    throw error;
  }
}

import type { ClientBase } from 'pg';
import { AS_TEXT } from '../protocol/as-text.js';
import type { MigrationFile } from './migration-file.js';

export interface LedgerEntry {
  readonly name: string;
  readonly checksum: string;
}

// Named with its schema: a migration may have changed the search path.
const TABLE = 'public.tenancy_migrations';

/**
 * Waits for every other runner on this database, and keeps them out until the transaction ends. The lock belongs to the
 * transaction, not to the session, so it also holds behind a pooler in transaction mode.
 */
export async function lockLedger(client: ClientBase): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtextextended('${TABLE}', 0))`);
}

export async function readLedger(client: ClientBase): Promise<LedgerEntry[]> {
  await client.query(
    `create table if not exists ${TABLE} (
      name text collate "C" primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`,
  );
  const { rows } = await client.query<LedgerEntry>({
    text: `select name, checksum from ${TABLE} order by name`,
    types: AS_TEXT,
  });
  return rows;
}

export async function recordInLedger(client: ClientBase, { name, checksum }: MigrationFile): Promise<void> {
  await client.query(`insert into ${TABLE} (name, checksum) values ($1, $2)`, [name, checksum]);
}

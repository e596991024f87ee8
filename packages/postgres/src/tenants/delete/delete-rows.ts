import type { Client, ClientBase } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ask } from '../../protocol/ask.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';
import { type Application, type AsApplication, asApplication } from './as-application.js';
import { type LooseReference, nameOf, type Reference, refuseForeignRows } from './references.js';

/** Milliseconds that a batch should take: whoever waits behind one of its locks waits as long. */
const BATCH_MILLIS = 50;
const FIRST_BATCH = 500;
const LARGEST_BATCH = 5_000;

/** All that {@link deleteRows} needs to know beside the table. */
export interface RowDeletion {
  readonly client: Client;
  readonly tenant: string;
  /** The statement that lets a transaction through the fence. */
  readonly passing: string;
  readonly references: readonly Reference[];
  readonly loose: readonly LooseReference[];
  readonly signal: AbortSignal | undefined;
  /** Null where triggers do not fire. */
  readonly application: Application | null;
  readonly onBatch: (rows: number, millis: number) => void;
}

/**
 * Deletes the tenant's rows of a table in batches, each a transaction, while it is fenced. What refers to them from other tables of the tenant is
 * gone.
 *
 * @throws TenantsError `place_unusable` where somebody else's row refers to one of them, `operation_interrupted`.
 */
export async function deleteRows(table: PlacedTable, deletion: RowDeletion): Promise<void> {
  const { client, tenant, references } = deletion;
  const own = isOwn(table, tenant);
  const itself = references.filter(
    ({ from, to, isHolding }) => isHolding && nameOf(from) === nameOf(table) && nameOf(to) === nameOf(table),
  );
  // A row that another one of a later batch refers to could not go.
  const isAtOnce = itself.some(({ nullable }) => nullable.length === 0);
  for (const leaf of await leavesOf(client, table)) {
    for (const {
      nullable: [column],
    } of isAtOnce ? [] : itself) {
      const name = quoteIdentifier(column as string);
      await inBatches(
        deletion,
        leaf,
        `${own} and ${name} is not null`,
        (rows) => `update only ${leaf} set ${name} = null where ${rows}`,
      );
    }
  }
  const loose = deletion.loose.filter(({ to }) => nameOf(to) === nameOf(table));
  if (isAtOnce) {
    const name = quoteQualified(table);
    const as = await aroundStatements(deletion, name);
    await batch(deletion, as, loose, isOwn(table, tenant, 'p.'), `delete from ${name} where ${own}`);
    return;
  }
  for (const leaf of await leavesOf(client, table)) {
    await inBatches(deletion, leaf, own, (rows) => `delete from only ${leaf} where ${rows}`, loose);
  }
}

/** One pass over the rows that `which` says: where they lie is found once, and is true as long as nobody writes to them. */
async function inBatches(
  deletion: RowDeletion,
  leaf: string,
  which: string,
  statement: (rows: string) => string,
  loose: readonly LooseReference[] = [],
): Promise<void> {
  const { client, signal } = deletion;
  const as = await aroundStatements(deletion, leaf);
  await client.query(
    `declare tenancy_rows no scroll cursor with hold for select ctid from only ${leaf} where ${which}`,
  );
  try {
    for (let size = FIRST_BATCH; ; ) {
      checkInterrupted(signal);
      const found = await ask<'ctid'>(client, `fetch ${size} from tenancy_rows`);
      if (found.length === 0) return;
      const tids = `any (${quoteLiteral(`{${found.map(({ ctid }) => `"${ctid}"`)}}`)}::tid[])`;
      const millis = await batch(
        deletion,
        as,
        loose,
        `p.ctid = ${tids} and p.tableoid = ${quoteLiteral(leaf)}::regclass`,
        statement(`ctid = ${tids} and ${which}`),
      );
      size =
        Math.round(Math.min(LARGEST_BATCH, size * Math.min(2, Math.max(0.25, BATCH_MILLIS / Math.max(millis, 1))))) ||
        1;
    }
  } finally {
    await client.query('close tenancy_rows').catch(() => {});
  }
}

/** Rights and triggers do not change from batch to batch. */
function aroundStatements(
  { client, tenant, application }: RowDeletion,
  relation: string,
): Promise<AsApplication | null> {
  return application ? asApplication(client, relation, application, tenant) : Promise.resolve(null);
}

async function batch(
  { client, tenant, passing, onBatch }: RowDeletion,
  as: AsApplication | null,
  loose: readonly LooseReference[],
  rows: string,
  statement: string,
): Promise<number> {
  const began = performance.now();
  await client.query(`begin; ${passing}`);
  try {
    const [first] = loose;
    // Nobody refers to a row that is locked for its deletion.
    if (first) await client.query(`select 1 from ${quoteQualified(first.to)} p where ${rows} for update`);
    await refuseForeignRows(client, loose, tenant, rows);
    if (as) await client.query(as.before);
    const { rowCount } = await client.query(statement);
    if (as) await client.query(as.after);
    await client.query('commit');
    const millis = performance.now() - began;
    onBatch(rowCount ?? 0, millis);
    return millis;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** The tables that hold the rows of a table: itself, or its partitions. */
async function leavesOf(client: ClientBase, table: PlacedTable): Promise<readonly string[]> {
  if (!table.isPartitioned) return [quoteQualified(table)];
  const leaves = await ask<'schema' | 'name' | 'kind'>(
    client,
    `select n.nspname as schema, c.relname as name, c.relkind as kind
      from pg_partition_tree($1::regclass) t join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace where t.isleaf`,
    [quoteQualified(table)],
  );
  return leaves
    .filter(({ kind }) => kind !== 'p')
    .map(({ schema, name, kind }) => {
      if (kind !== 'r') {
        throw new TenantsError(
          'place_unusable',
          `the partition ${schema}.${name} is a foreign table, whose rows cannot be deleted in batches. Nothing was done there. Detach it.`,
        );
      }
      return quoteQualified({ schema: schema as string, name: name as string });
    });
}

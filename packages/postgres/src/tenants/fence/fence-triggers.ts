import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { AS_TEXT } from '../../protocol/as-text.js';
import type { PlacedTable } from '../places/tenant-tables.js';
import { type FenceNames, SCHEMA } from './fence-names.js';
import { type LockPatience, withLock } from './with-lock.js';

/** A table as the fence sees it. */
export type FencedTable = Pick<PlacedTable, 'schema' | 'name' | 'tenantColumn'>;

/** A kind of triggers on each table of a tenant. */
export interface TriggerKind {
  readonly kind: 'fence' | 'log';
  readonly when: 'before' | 'after';
  /** The function, with arguments for a table, as SQL. */
  readonly call: (table: FencedTable) => string;
  readonly function: string;
}

/**
 * Makes the schema of the scaffolding, which is nobody's but the owner's.
 */
export async function makeSchema(client: ClientBase): Promise<void> {
  await client.query(`begin; select pg_advisory_xact_lock(hashtextextended('@tenancy fence', 0));
    create schema if not exists ${SCHEMA}; revoke all on schema ${SCHEMA} from public; commit`);
}

/** Puts the triggers on the tables that have them not, one table in a transaction (O29). */
export async function putTriggers(
  client: ClientBase,
  names: FenceNames,
  tenant: string,
  tables: readonly FencedTable[],
  kind: TriggerKind,
  patience: LockPatience,
): Promise<void> {
  for (const table of tables) {
    const statements = await triggerStatements(client, names, tenant, table, kind);
    if (await hasAll(client, kind, table, statements.length)) continue;
    await withLock(client, `the ${kind.kind} of ${quoteQualified(table)}`, patience, async () => {
      await client.query(statements.join(';\n'));
    });
  }
}

/** Takes all triggers that call a function, the function, and the schema when it was the last one in it. */
export async function takeTriggers(client: ClientBase, fn: string, patience: LockPatience): Promise<void> {
  const { rows } = await client.query<{ relation: string; trigger: string }>({
    text: `select t.tgrelid::regclass::text as relation, quote_ident(t.tgname) as trigger from pg_trigger t
      where t.tgfoid = (select p.oid from pg_proc p where p.oid = to_regprocedure($1)) and t.tgparentid = 0`,
    values: [`${fn}()`],
    types: AS_TEXT,
  });
  for (const relation of new Set(rows.map((row) => row.relation))) {
    const drops = rows
      .filter((row) => row.relation === relation)
      .map(({ trigger }) => `drop trigger if exists ${trigger} on ${relation}`);
    await withLock(client, `the removal of a trigger of ${relation}`, patience, async () => {
      await client.query(drops.join(';\n'));
    });
  }
  await client.query(`drop function if exists ${fn}()`);
}

/** Drops the schema where nothing of anybody stands in it. */
export async function dropSchema(client: ClientBase): Promise<void> {
  await client.query(`do $tenancy$ begin
    perform pg_advisory_xact_lock(hashtextextended('@tenancy fence', 0));
    drop schema if exists ${SCHEMA};
  exception when dependent_objects_still_exist then null; end $tenancy$`);
}

async function triggerStatements(
  client: ClientBase,
  names: FenceNames,
  tenant: string,
  table: FencedTable,
  { kind, when, call }: TriggerKind,
): Promise<readonly string[]> {
  const on = quoteQualified(table);
  const called = `execute function ${call(table)}`;
  const make = (event: string, body: string, relation = on) =>
    `create or replace trigger ${names.trigger(kind, event)} ${when} ${body.replace('{on}', `on ${relation}`)} ${called}`;
  const statements = [make('truncate', 'truncate {on} for each statement')];
  // A trigger of a statement is not that of a partition.
  for (const partition of await partitionsOf(client, on)) {
    statements.push(make('truncate', 'truncate {on} for each statement', partition));
  }
  const { tenantColumn } = table;
  if (tenantColumn === null) return [make('row', 'insert or update or delete {on} for each row'), ...statements];
  const is = (row: 'new' | 'old') => `${row}.${quoteIdentifier(tenantColumn)} = ${quoteLiteral(tenant)}`;
  // Rows of others pay for a comparison.
  return [
    make('insert', `insert {on} for each row when (${is('new')})`),
    make('update', `update {on} for each row when (${is('new')} or ${is('old')})`),
    make('delete', `delete {on} for each row when (${is('old')})`),
    ...statements,
  ];
}

async function partitionsOf(client: ClientBase, relation: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>({
    text: `select relid::regclass::text as name from pg_partition_tree($1::regclass) where relid <> $1::regclass`,
    values: [relation],
    types: AS_TEXT,
  });
  return rows.map(({ name }) => name);
}

async function hasAll(client: ClientBase, kind: TriggerKind, table: FencedTable, count: number): Promise<boolean> {
  const { rows } = await client.query<{ found: string }>({
    text: `select count(*) as found from pg_trigger t where t.tgfoid = to_regprocedure($1) and t.tgenabled in ('O', 'A') and t.tgrelid in
      (select $2::regclass union select relid from pg_partition_tree($2::regclass)) and t.tgparentid = 0`,
    values: [`${kind.function}()`, quoteQualified(table)],
    types: AS_TEXT,
  });
  return Number(rows[0]?.found) >= count;
}

import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { changeId, scaffolding } from '../plan/names.js';
import { type Change, usualName } from '../plan/plan-change.js';
import type { TableName } from '../plan/step.js';

/** A trigger of `adopt` that is there still: it gives a row without a tenant the one of its rule. */
export interface FillingTrigger {
  readonly table: TableName;
  /** A sentence about what it does, and what ends it. */
  readonly message: string;
}

/** Those of the columns that `adopt` has added: they are for old code, and give rows of an owner who forgot the tenant away as well. */
export async function fillingTriggers(client: ClientBase, changes: readonly Change[]): Promise<FillingTrigger[]> {
  const added = changes.flatMap((change) =>
    change.kind === 'add column'
      ? { ...change, name: scaffolding(change.table, changeId(usualName(change))).base }
      : [],
  );
  const there = await readJson<{ schema: string; name: string }>(
    client,
    `select n.nspname as schema, p.proname as name from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      join pg_namespace n on n.oid = p.pronamespace where p.proname like 'tenancy\\_change\\_%'`,
  );
  return added
    .filter(({ table, name }) => there.some((one) => one.schema === table.schema && one.name === name))
    .map(({ table, column }) => ({
      table,
      message:
        `${quoteQualified(table)} has a trigger that gives each row without ${quoteIdentifier(column)} the tenant of the rule. ` +
        `Once no old code writes any more, end it with \`dropTrigger\`: tenancy change drop-trigger --table ${table.schema}.${table.name} --column ${column}`,
    }));
}

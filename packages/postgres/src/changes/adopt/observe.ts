import type { ClientBase } from 'pg';
import type { CompilePoliciesOptions } from '../../policies/policy-options.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { usualName } from '../plan/plan-change.js';
import { readRecords } from '../plan/record.js';
import type { TableName } from '../plan/step.js';
import { count, impossible, nobodys } from './refusals.js';
import type { RuledTable } from './tenant-rule.js';

/** Rows that policies would hide of a table. */
export interface ObservedTable {
  readonly table: TableName;
  /** Rows without a tenant, which nobody would see. */
  readonly withoutTenant: number;
  /** Rows that have another tenant than the rule says, and would be seen by that one; none of a table whose policies are enforced. */
  readonly otherTenant: number;
}

/**
 * Counts what the policies would hide; where the column is not there yet, by the rules alone. Of a table that they hold already, rows of
 * other tenants than the rule says are those that came since.
 */
export async function observe(
  client: ClientBase,
  tables: readonly RuledTable[],
  policies: CompilePoliciesOptions,
): Promise<ObservedTable[]> {
  const done = (await readRecords(client)).filter(({ state }) => state === 'done').map(({ name }) => name);
  const observed: ObservedTable[] = [];
  for (const one of tables) {
    const { table, column, rule, expected, catalog } = one;
    const isThere = catalog.columns.some(({ name }) => name === column);
    const own = isThere ? `${quoteIdentifier(table.name)}.${quoteIdentifier(column)}` : one.tenant;
    const isHeld = done.includes(usualName({ kind: 'enforce policies', table, policies }));
    const otherTenant =
      rule === undefined || !isThere || isHeld
        ? 0
        : await count(client, one, `where ${own} is not null and ${own} is distinct from ${expected}`);
    observed.push({ table, withoutTenant: await count(client, one, `where ${nobodys(own)}`), otherTenant });
  }
  return observed;
}

/** @throws `change_impossible` where rows would be nobody's, or somebody else's. */
export function requireNothingHidden(observed: readonly ObservedTable[]): void {
  const hidden = observed.filter(({ withoutTenant, otherTenant }) => withoutTenant + otherTenant > 0);
  if (hidden.length === 0) return;
  const lines = hidden.map(
    ({ table, withoutTenant, otherTenant }) =>
      `${quoteQualified(table)} has ${withoutTenant} rows without a tenant and ${otherTenant} with another one than its rule says`,
  );
  throw impossible(
    `the policies would hide rows: ${lines.join('; ')}. Nothing is hidden yet`,
    'Give those rows their tenant, and run again.',
  );
}

/** O30: who reads the tables as another role than the policies name would see no row from the next statement on. */
export async function requireNoOtherReaders(
  client: ClientBase,
  { role, adminRole }: CompilePoliciesOptions,
  tables: readonly RuledTable[],
): Promise<void> {
  const readers = await readJson<{ name: string }>(
    client,
    `select distinct r.rolname as name from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
      where a.datname = current_database() and a.backend_type = 'client backend' and not r.rolsuper and not r.rolbypassrls
      and exists (select from unnest($1::oid[]) t (oid) where has_table_privilege(r.oid, t.oid, 'select'))
      and not exists (select from pg_roles p where p.rolname = any($2::text[]) and pg_has_role(r.oid, p.oid, 'usage')) order by 1`,
    [tables.map(({ catalog }) => catalog.oid), adminRole === undefined ? [role] : [role, adminRole]],
  );
  if (readers.length === 0) return;
  throw impossible(
    `connected, and allowed to read these tables: ${readers.map(({ name }) => name).join(', ')}. The policies let nobody but ${role} see a row, so they would see none`,
    `Let them connect as ${role}, or end those connections.`,
  );
}

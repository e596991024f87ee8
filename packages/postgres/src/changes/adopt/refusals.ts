import type { ClientBase } from 'pg';
import { saidByServer } from '../../errors/said-by-server.js';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from '../plan/change-error.js';
import { isSame, isWithout } from '../plan/key-catalog.js';
import type { TableName } from '../plan/step.js';
import type { Adoption } from './adoption.js';
import type { RuledTable } from './tenant-rule.js';

/**
 * Looks for all that would fail on the way, before the first step. It reads rows, and counts them; none is shown.
 *
 * @throws `change_impossible`, `change_not_permitted`
 */
export async function refuseImpossible(
  client: ClientBase,
  adoption: Adoption,
  tables: readonly RuledTable[],
): Promise<void> {
  if (adoption.reaches('keys')) {
    for (const one of tables) refuseShape(one, tables);
    await refuseOthers(client, tables);
  }
  if (adoption.reaches('observe')) await refuseHeld(client);
  for (const one of tables) await refuseWithoutTenant(client, one);
  if (adoption.reaches('keys')) for (const one of tables) await refuseTorn(client, one, tables);
}

function refuseShape({ table, column, catalog, references, keys }: RuledTable, tables: readonly RuledTable[]): void {
  if (catalog.isPartitioned) {
    throw impossible(
      `${quoteQualified(table)} is partitioned, and PostgreSQL makes no constraint of an index that such a table has`,
      'Adopt it with `until: "expand"`, and exchange its keys by hand.',
    );
  }
  for (const { index, method, columns } of keys) {
    if (method === 'btree' || !isWithout(column, columns)) continue;
    throw impossible(
      `the key ${quoteIdentifier(index)} of ${quoteQualified(table)} is WITHOUT OVERLAPS, and has no twin that begins with the tenant`,
      'Exchange it by hand, or drop it.',
    );
  }
  for (const { name, references: to, referenced, onUpdate, isFull, columns, definition } of references) {
    const target = tables.find((one) => isSame(one.table, to));
    if (!target || !isWithout(column, columns)) continue;
    const key = `the foreign key ${quoteIdentifier(name)} of ${quoteQualified(table)}`;
    if (referenced.includes(target.column)) {
      throw impossible(
        `${key} refers to ${quoteIdentifier(target.column)}, which is the tenant column of ${quoteQualified(to)} itself`,
        'Give that table a tenant column of its own, with `value`.',
      );
    }
    const odd = /\bNOT ENFORCED$/.test(definition) ? 'NOT ENFORCED' : /\bPERIOD\b/.test(definition) ? 'PERIOD' : null;
    if (odd !== null) {
      throw impossible(`${key} says ${odd}, and has no twin with the tenant`, 'Make it a plain one first, or drop it.');
    }
    if (onUpdate.startsWith('set') || (isFull && columns.length > 1)) {
      throw impossible(
        `${key} says ${isFull ? 'MATCH FULL' : `ON UPDATE ${onUpdate.toUpperCase()}`}, which would also be about the tenant`,
        'Make it a plain one first.',
      );
    }
  }
}

async function refuseOthers(client: ClientBase, tables: readonly RuledTable[]): Promise<void> {
  const oids = tables.map(({ catalog }) => catalog.oid);
  const others = await readJson<{ name: string; to: string }>(
    client,
    `select distinct format('%I.%I', n.nspname, c.relname) as name, format('%I.%I', m.nspname, f.relname) as to
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_class f on f.oid = k.confrelid join pg_namespace m on m.oid = f.relnamespace
      where k.contype = 'f' and k.confrelid = any($1::oid[]) and k.conrelid <> all($1::oid[]) order by 1, 2`,
    [oids],
  );
  if (others.length === 0) return;
  throw impossible(
    `not in the list, but referring to a table in it: ${others.map(({ name, to }) => `${name} (to ${to})`).join(', ')}. Their rows would refer to rows of any tenant`,
    'Add them to `tables`, or drop those foreign keys.',
  );
}

/** The trigger reads the tables that a row goes through, and counts are of all rows, with policies too. */
async function refuseHeld(client: ClientBase): Promise<void> {
  const [role] = await readJson<{ name: string; passes: boolean }>(
    client,
    'select rolname as name, rolsuper or rolbypassrls as passes from pg_roles where rolname = current_user',
  );
  if (role?.passes) return;
  throw new ChangeError(
    'change_not_permitted',
    `the role ${role?.name} would be held by the policies, and the trigger that fills the column runs as that role. Nothing was done. ` +
      'Connect as a role with BYPASSRLS that is a member of the owner, or a superuser.',
  );
}

async function refuseWithoutTenant(client: ClientBase, one: RuledTable): Promise<void> {
  if (one.rule === undefined || one.isFilled) return;
  const rows = await count(client, one, `where ${nobodys(one.tenant)}`);
  if (rows === 0) return;
  throw impossible(
    `the rule of ${quoteQualified(one.table)} gives no tenant for ${rows} of its rows`,
    'Give those rows what the rule is made of, or correct the rule.',
  );
}

/** Rows that refer to a row of another tenant, which no key with the tenant would take. */
async function refuseTorn(client: ClientBase, child: RuledTable, tables: readonly RuledTable[]): Promise<void> {
  for (const { name, columns, references, referenced, isValid } of child.references) {
    const parent = tables.find((one) => isSame(one.table, references));
    if (!parent || !isWithout(child.column, columns)) continue;
    const own = quoteIdentifier(child.table.name);
    const keys = referenced.map((key, n) => `${quoteIdentifier(key)} as tenancy_k${n}`);
    const refers = columns.map((column, n) => `tenancy_k${n} = ${own}.${quoteIdentifier(column)}`).join(' and ');
    if (!isValid) await refuseOrphans(client, child, { name, columns, references, parent: keys.join(', '), refers });
    const rows = await count(
      client,
      child,
      `join (select ${keys.join(', ')}, ${parent.tenant} as tenancy_tenant from ${quoteQualified(parent.table)} as ${quoteIdentifier(parent.table.name)}) as tenancy_parent
        on ${refers}
        where tenancy_tenant is distinct from ${child.tenant}`,
    );
    if (rows === 0) continue;
    throw impossible(
      `${rows} rows of ${quoteQualified(child.table)} belong to another tenant than the row of ${quoteQualified(references)} that they refer to by ${quoteIdentifier(name)}`,
      'Correct those rows, or the rules.',
    );
  }
}

/** Rows that were there before a foreign key that is NOT VALID, and refer to nothing. */
async function refuseOrphans(
  client: ClientBase,
  child: RuledTable,
  key: { name: string; columns: readonly string[]; references: TableName; parent: string; refers: string },
): Promise<void> {
  const own = quoteIdentifier(child.table.name);
  const all = key.columns.map((column) => `${own}.${quoteIdentifier(column)} is not null`).join(' and ');
  const rows = await count(
    client,
    child,
    `where ${all} and not exists (select from (select ${key.parent} from ${quoteQualified(key.references)}) as tenancy_parent where ${key.refers})`,
  );
  if (rows === 0) return;
  throw impossible(
    `${rows} rows of ${quoteQualified(child.table)} refer by ${quoteIdentifier(key.name)}, which is NOT VALID, to no row of ${quoteQualified(key.references)}`,
    'Correct those rows, or drop that foreign key.',
  );
}

/** A condition of rows that no session can bind the tenant of. */
export function nobodys(tenant: string): string {
  return `nullif(cast(${tenant} as text), '') is null`;
}

/** How many rows of a table there are, of those that the rest of the statement leaves. */
export async function count(client: ClientBase, { table }: Pick<RuledTable, 'table'>, rest: string): Promise<number> {
  const sql = `select count(*) as rows from ${quoteQualified(table)} as ${quoteIdentifier(table.name)} ${rest}`;
  const [found] = await readJson<{ rows: number }>(client, sql).catch((cause: Error): never => {
    throw new ChangeError(
      'change_impossible',
      `the rows of ${quoteQualified(table)} were to be counted by the rules, and PostgreSQL refused it: ${saidByServer(cause)}. Nothing was done. Correct the rule and run again.`,
      { cause },
    );
  });
  return found?.rows ?? 0;
}

export function impossible(problem: string, fix: string): ChangeError {
  return new ChangeError('change_impossible', `${problem}. Nothing was done. ${fix}`);
}

import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from './change-error.js';
import type { RenameColumn } from './rename-column.js';
import type { TableName } from './step.js';

interface UserTrigger {
  readonly name: string;
  readonly source: string;
  /** The function, as SQL writes it, its cost, and whether this role may alter it. */
  readonly function: string;
  readonly cost: number;
  readonly isOwned: boolean;
  readonly isBefore: boolean;
  /** True for `UPDATE OF` the column. */
  readonly isOf: boolean;
  /** True for that, and for a condition over the column. */
  readonly isAbout: boolean;
}

/** The triggers of a table, and of its partitions, that no change made. */
function readTriggers(client: ClientBase, oid: number, column: string): Promise<UserTrigger[]> {
  return readJson<UserTrigger>(
    client,
    `select t.tgname as name, p.prosrc as source, p.oid::regproc::text as function, p.procost as cost,
      pg_has_role(p.proowner, 'usage') as "isOwned", t.tgtype & 3 = 3 as "isBefore", a.attnum = any(t.tgattr::int2[]) as "isOf",
      exists (select from pg_depend d where d.classid = 'pg_trigger'::regclass and d.objid = t.oid and d.refobjid = t.tgrelid
        and d.refobjsubid = a.attnum) as "isAbout"
      from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_attribute a on a.attrelid = t.tgrelid and a.attname = $2
      where (t.tgrelid = $1::oid or t.tgrelid in (select relid from pg_partition_tree($1::oid::regclass)))
        and not t.tgisinternal and t.tgenabled <> 'D' and p.proname not like 'tenancy\\_change\\_%' order by t.tgname`,
    [oid, column],
  );
}

/**
 * A trigger before a write sees the old name as the writer left it, and a write of the new name is no update OF the old one: what such a
 * trigger does would not be done.
 *
 * @throws `change_impossible` naming the triggers.
 */
export async function refusePassedTriggers(
  client: ClientBase,
  { table, from }: RenameColumn,
  oid: number,
): Promise<void> {
  const passed = (await readTriggers(client, oid, from)).filter(
    ({ source, isBefore, isOf, isAbout }) => isOf || (isBefore && (isAbout || mentions(source, from))),
  );
  if (passed.length === 0) return;
  throw new ChangeError(
    'change_impossible',
    `${quoteQualified(table)}.${quoteIdentifier(from)} is what the triggers ${namesOf(passed)} are about, and a write of the new name would pass them by. ` +
      'Nothing was done. Drop them for as long as the column has two names, or rename it together with their functions while nobody writes.',
  );
}

/** @throws `change_impossible` naming the triggers whose functions would fail at every write. */
export async function refuseBrokenTriggers(
  client: ClientBase,
  { table, from, to }: RenameColumn,
  oid: number,
): Promise<void> {
  const broken = (await readTriggers(client, oid, from)).filter(({ source }) => mentions(source, from));
  if (broken.length === 0) return;
  throw new ChangeError(
    'change_impossible',
    `the functions of the triggers ${namesOf(broken)} of ${quoteQualified(table)} name ${quoteIdentifier(from)}, and every write would fail in them. Nothing was done. ` +
      `Let them name ${quoteIdentifier(to)}, and run again.`,
  );
}

/**
 * Statements that change nothing of the functions that name a column, and have every session compile them anew: what is compiled already
 * knows the column's old type, and would fail at every write of a connection that lives on.
 *
 * @throws `change_not_permitted` naming triggers whose functions belong to another role.
 */
export async function compiledAnew(
  client: ClientBase,
  table: TableName,
  oid: number,
  column: string,
): Promise<string[]> {
  const found = (await readTriggers(client, oid, column)).filter(({ source }) => mentions(source, column));
  const foreign = found.filter(({ isOwned }) => !isOwned);
  if (foreign.length > 0) {
    throw new ChangeError(
      'change_not_permitted',
      `the functions of the triggers ${namesOf(foreign)} of ${quoteQualified(table)} name ${quoteIdentifier(column)}, and belong to another role: connections that live on would fail in them. ` +
        'Nothing was done. Connect as a member of the role that owns them.',
    );
  }
  return [...new Set(found.map((one) => `alter function ${one.function}() cost ${one.cost}`))];
}

/** True for a body that says `new.column` or `old.column`. One that reads both names out of `to_jsonb(new)` does not. */
function mentions(source: string, column: string): boolean {
  const name = column.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(String.raw`\b(?:new|old)\s*\.\s*(?:"${name}"|${name}(?![\w$]))`, 'i').test(source);
}

function namesOf(triggers: readonly UserTrigger[]): string {
  return triggers.map(({ name }) => quoteIdentifier(name)).join(', ');
}

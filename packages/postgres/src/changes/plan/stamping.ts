import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from './change-error.js';
import { enclosed, scaffolding } from './names.js';
import type { TableName } from './step.js';

/** Names of a trigger of a change and its function, as SQL writes them. */
export interface Stamping {
  readonly table: TableName;
  readonly trigger: string;
  readonly function: string;
}

export interface Stamp {
  /** Statements of PL/pgSQL that change `new`. */
  readonly body: string;
  /** A condition over `new` (and `old`, for updates) without which the row is left alone. */
  readonly when?: string;
}

/** Beginnings of the trigger's name, of which the first is taken that comes after all others: those of changes before may be there still. */
const BEGINNINGS = ['z', '~'].flatMap((letter) => Array.from({ length: 30 }, (_, n) => letter.repeat(n + 2)));

/**
 * Names for a new trigger. Triggers fire in the order of the bytes of their names: this one sees what those did that are there.
 *
 * @throws `change_impossible` where a trigger's name comes after all that it could have.
 */
export async function newStamping(client: ClientBase, table: TableName, oid: number, id: string): Promise<Stamping> {
  const [last] = await readJson<{ name: string | null }>(
    client,
    `select max(t.tgname::text collate "C") as name from pg_trigger t
      where not t.tgisinternal and t.tgtype & 3 = 3 and (t.tgrelid = $1::oid or t.tgrelid in (select relid from pg_partition_tree($1::oid::regclass)))`,
    [oid],
  );
  const before = Buffer.from(last?.name ?? '');
  const beginning = BEGINNINGS.find((one) => Buffer.compare(Buffer.from(`${one}_`), before) > 0);
  const { function: own, base } = scaffolding(table, id);
  if (beginning !== undefined) return { table, trigger: quoteIdentifier(`${beginning}_${base}`), function: own };
  throw new ChangeError(
    'change_impossible',
    `the trigger ${JSON.stringify(last?.name)} of ${quoteQualified(table)} fires after all others, and would change rows behind the one that keeps them right. ` +
      'Nothing was done. Give it a name that begins with a letter.',
  );
}

/** The trigger of a change as it is there, under whatever name; undefined where it is not. */
export async function foundStamping(
  client: ClientBase,
  table: TableName,
  oid: number,
  id: string,
): Promise<Stamping | undefined> {
  const { function: own, base } = scaffolding(table, id);
  const [found] = await readJson<{ name: string }>(
    client,
    `select t.tgname as name from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where t.tgrelid = $1::oid and not t.tgisinternal and p.proname = $2`,
    [oid, base],
  );
  return found && { table, trigger: quoteIdentifier(found.name), function: own };
}

/**
 * A trigger that keeps rows right which are written while the others are filled. It runs as the role that fills them, so that an
 * expression has the same value in both: the writer's own rights and policies do not matter to it.
 */
export function stampingTrigger({ table, ...names }: Stamping, { body, when }: Stamp): string[] {
  const path = `${quoteIdentifier(table.schema)}, public, pg_temp`;
  let quote = '$tenancy$';
  for (let n = 1; body.includes(quote); n += 1) quote = `$tenancy${n}$`;
  return [
    `create function ${names.function}() returns trigger language plpgsql security definer ` +
      `set search_path = ${path} set row_security = off as ${quote}\n#variable_conflict use_column\nbegin\n${body}\nreturn new;\nend\n${quote}`,
    `revoke all on function ${names.function}() from public`,
    `create trigger ${names.trigger} before insert or update on ${quoteQualified(table)} for each row ` +
      `${when === undefined ? '' : `when ${enclosed(when)} `}execute function ${names.function}()`,
  ];
}

/** The value of an expression over the row, into a column of it. */
export function stamped(table: TableName, column: string, value: string): string {
  return `select ${enclosed(value)} into new.${quoteIdentifier(column)} from (select new.*) as ${quoteIdentifier(table.name)};`;
}

export function dropStamping({ table, ...names }: Stamping): string[] {
  return [
    `drop trigger if exists ${names.trigger} on ${quoteQualified(table)}`,
    `drop function if exists ${names.function}()`,
  ];
}

import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { readJson } from '../../protocol/read-json.js';
import { explained } from './add-column.js';
import type { ChangeType } from './change-type.js';
import { isSame } from './key-catalog.js';
import { changeId, renameName } from './names.js';
import type { Change } from './plan-change.js';
import { probing } from './probe.js';
import { type ChangeRecord, readRecords } from './record.js';
import type { RenameColumn } from './rename-column.js';
import { foundStamping } from './stamping.js';
import type { TableName } from './step.js';

/** Outcome of a change that was done, as it is now: it is there, it is to be made once more, or what it made has gone, as the text says. */
export type Lasting = 'there' | 'again' | { readonly gone: string };

/** Looks in the catalog, and at renames that were made since. */
export async function lastingOf(client: ClientBase, change: Change): Promise<Lasting> {
  const { table } = change;
  const found = await readFound(client, table);
  if (!found) return { gone: `there is no table ${quoteQualified(table)} any more` };
  const has = (column: string) => Object.hasOwn(found.types, column);
  const lost = (what: string): Lasting => ({ gone: `${quoteQualified(table)} has no ${what} any more` });
  const isThere = async (column: string) => has(column) || (await isUnderOtherName(client, table, column, has));
  const stands = async (id: string) => (await foundStamping(client, table, found.oid, id)) !== undefined;
  switch (change.kind) {
    case 'add column':
      return (await isThere(change.column)) ? 'there' : lost(`column ${quoteIdentifier(change.column)}`);
    case 'rename column':
    case 'finish rename': {
      const isNamed = has(change.to) || (!has(change.from) && (await isThere(change.to)));
      if (!isNamed) return lost(`column ${quoteIdentifier(change.to)}`);
      const isBegun = change.kind === 'finish rename' && (await stands(renameId(change)));
      return isBegun ? 'again' : 'there';
    }
    case 'change type':
      if (!(await isThere(change.column))) return lost(`column ${quoteIdentifier(change.column)}`);
      if (!has(change.column) || (await isOfType(client, change, found.types[change.column]))) return 'there';
      return lost(`column ${quoteIdentifier(change.column)} of the type ${change.type}`);
    case 'drop trigger':
      return (await stands(changeId(change.of))) ? 'again' : 'there';
    case 'create index':
      return found.indexes.includes(change.name) ? 'there' : lost(`index ${quoteIdentifier(change.name)}`);
    case 'add foreign key':
      return found.keys.includes(change.name) ? 'there' : lost(`foreign key ${quoteIdentifier(change.name)}`);
    // What `adopt` makes, it looks at itself.
    default:
      return 'there';
  }
}

function renameId(change: RenameColumn): string {
  return changeId(renameName({ ...change, kind: 'rename column' }));
}

/** True while a column has both names, and the trigger that keeps them the same. */
export async function isRenaming(client: ClientBase, change: RenameColumn): Promise<boolean> {
  const found = await readFound(client, change.table);
  return found !== undefined && (await foundStamping(client, change.table, found.oid, renameId(change))) !== undefined;
}

interface Found {
  readonly oid: number;
  readonly types: Readonly<Record<string, string>>;
  readonly indexes: readonly string[];
  readonly keys: readonly string[];
}

async function readFound(client: ClientBase, table: TableName): Promise<Found | undefined> {
  const [found] = await readJson<Found>(
    client,
    `select c.oid::bigint as oid,
      (select coalesce(json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)), '{}') from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as types,
      (select coalesce(json_agg(x.relname), '[]') from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid and i.indisvalid) as indexes,
      (select coalesce(json_agg(k.conname), '[]') from pg_constraint k where k.conrelid = c.oid and k.contype = 'f') as keys
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')`,
    [table.schema, table.name],
  );
  return found;
}

/** True where renames that are finished lead from a column to one that is there. */
async function isUnderOtherName(
  client: ClientBase,
  table: TableName,
  column: string,
  has: (column: string) => boolean,
): Promise<boolean> {
  const renames = (await readRecords(client)).flatMap(({ definition, state }) => {
    const change = definition as Change;
    return state === 'done' && change.kind === 'finish rename' && isSame(change.table, table) ? [change] : [];
  });
  const names = new Set([column]);
  for (const name of names) for (const { from, to } of renames) if (from === name) names.add(to);
  return [...names].some(has);
}

/** A later change of the same column may have made another type of it. */
async function isOfType(client: ClientBase, change: ChangeType, type: string | undefined): Promise<boolean> {
  const { table, column } = change;
  const records = (await readRecords(client)).filter(({ state, definition }) => {
    const one = definition as Change;
    return state === 'done' && one.kind === 'change type' && one.column === column && isSame(one.table, table);
  });
  const types = await probing(client, table, changeId(`type of ${column}`), async (probe) => {
    const wanted = records.map((record) => (record.definition as ChangeType).type);
    const columns = [change.type, ...wanted].map((one, n) => `add column tenancy_type_${n} ${one}`);
    await probe.query(`alter table ${probe.table} ${columns.join(', ')}`);
    const sql = `select format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = '${probe.table}'::regclass and attname like 'tenancy\\_type\\_%'`;
    return (await readJson<{ type: string }>(client, sql)).map((one) => one.type);
  }).catch(explained(change));
  return type !== undefined && types.includes(type);
}

/** Says that a change was done and is no longer there, and what may be done. */
export function lostMessage({ name, finishedAt }: ChangeRecord, gone: string): string {
  return (
    `${name} was done${finishedAt === null ? '' : ` at ${finishedAt}`}, and ${gone}: something else has changed it since. Nothing was done. ` +
    'To make it anew, give it a `name` of its own, or give the old one up with `abandonChange`; to leave it so, no longer ask for it.'
  );
}

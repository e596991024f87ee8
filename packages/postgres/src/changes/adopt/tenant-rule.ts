import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { ChangeError } from '../plan/change-error.js';
import { type ForeignKey, isSame, readForeignKeys, readUniqueKeys, type UniqueKey } from '../plan/key-catalog.js';
import { enclosed } from '../plan/names.js';
import { readTable, requireKey, type TableCatalog } from '../plan/table-catalog.js';
import type { Adoption, AdoptionTable } from './adoption.js';

/** A table of an adoption, as the catalog has it, with the rule by which its rows have their tenant. */
export interface RuledTable extends AdoptionTable {
  readonly catalog: TableCatalog;
  readonly keys: readonly UniqueKey[];
  readonly references: readonly ForeignKey[];
  /** The tenant of a row, once those that it goes through have theirs; undefined where the column was there before. */
  readonly rule: string | undefined;
  /** The table that it goes through. */
  readonly parent: RuledTable | undefined;
  /** The tenant by the rules alone, down to the tables that go through none. */
  readonly expected: string;
  /** The tenant as the row has it, or as the rules say while it has none. */
  readonly tenant: string;
  /** True where no row is without one any more. */
  readonly isFilled: boolean;
}

/** Reads the tables, each of which may go through those before it. */
export async function readRules(client: ClientBase, adoption: Adoption): Promise<readonly RuledTable[]> {
  const tables: RuledTable[] = [];
  for (const one of adoption.tables) tables.push(await ruled(client, one, adoption, tables));
  return tables;
}

async function ruled(
  client: ClientBase,
  one: AdoptionTable,
  { type }: Adoption,
  before: readonly RuledTable[],
): Promise<RuledTable> {
  const { table, column, value, through } = one;
  const catalog = await readTable(client, table);
  requireKey(table, catalog);
  const found = catalog.columns.find(({ name }) => name === column);
  const references = await readForeignKeys(client, table);
  const read = { ...one, catalog, references, keys: await readUniqueKeys(client, table) };
  const own = `${quoteIdentifier(table.name)}.${quoteIdentifier(column)}`;
  const rest = { isFilled: found?.isNotNull === true };
  if (through !== undefined) {
    const { parent, key } = parentOf(one, references, before);
    const refers = `${quoteIdentifier(table.name)}.${quoteIdentifier(through)}`;
    const rule = (of: string) =>
      `(select tenancy_tenant from (select ${quoteIdentifier(key)} as tenancy_key, ${of} as tenancy_tenant
        from ${quoteQualified(parent.table)} as ${quoteIdentifier(parent.table.name)}) as tenancy_parent where tenancy_key = ${refers})`;
    return {
      ...{ ...read, ...rest, parent, rule: rule(quoteIdentifier(parent.column)), expected: rule(parent.expected) },
      tenant: found ? `coalesce(${own}, ${rule(parent.tenant)})` : rule(parent.tenant),
    };
  }
  if (value !== undefined) {
    const rule = `cast(${enclosed(value)} as ${type})`;
    return {
      ...read,
      ...rest,
      parent: undefined,
      rule,
      expected: rule,
      tenant: found ? `coalesce(${own}, ${rule})` : rule,
    };
  }
  if (!found?.isNotNull || !isOfType(found.type, type)) {
    throw new ChangeError(
      'change_impossible',
      `${quoteQualified(table)} has neither \`value\` nor \`through\`, and no column ${JSON.stringify(column)} of the type ${type} that is NOT NULL. ` +
        'Nothing was done. Say how its rows belong to tenants, or name its `tenantColumn`.',
    );
  }
  return { ...read, ...rest, parent: undefined, rule: undefined, expected: own, tenant: own };
}

function isOfType(found: string, type: string): boolean {
  return type === 'varchar' ? found.startsWith('character varying') : found === type;
}

/** The table that a row goes through, and its column that the row refers to. */
function parentOf(
  { table, column, through = '' }: AdoptionTable,
  keys: readonly ForeignKey[],
  before: readonly RuledTable[],
) {
  const found = new Map<string, { readonly parent: RuledTable; readonly key: string }>();
  for (const { columns, references, referenced } of keys) {
    const parent = before.find((one) => isSame(one.table, references));
    // Once the keys are exchanged, the tenant is part of them.
    const at = columns.indexOf(through);
    const others = columns.filter((one) => one !== through && one !== column);
    const key = referenced[at];
    if (parent && key !== undefined && others.length === 0)
      found.set(`${quoteQualified(references)}.${key}`, { parent, key });
  }
  const [only] = found.values();
  if (only && found.size === 1) return only;
  const problem = only
    ? `has several foreign keys on ${through}`
    : `has no foreign key on ${through} alone to a table before it in the list`;
  throw new ChangeError(
    'change_impossible',
    `${quoteQualified(table)} ${problem}, so it is unknown whose its rows are. Nothing was done. ` +
      'Put the table that it goes through before it, or give a `value`.',
  );
}

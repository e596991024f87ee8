import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { isOwn, type PlacedTable } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';

/** Settings under which the same row has the same text on every server (O35). For one transaction. */
export const PINNED = `set local datestyle = 'ISO, MDY'; set local intervalstyle = 'postgres'; set local timezone = 'UTC';
  set local extra_float_digits = 1; set local bytea_output = 'hex'; set local xmlbinary = 'base64'; set local lc_monetary = 'C'; set local row_security = off`;

/** A table of the source beside the same one of the target. */
export interface TablePair {
  readonly from: PlacedTable;
  readonly to: PlacedTable;
  /** Columns that both have, in one order. The tenant's column is not among them where only one side has it. */
  readonly columns: readonly string[];
}

/**
 * Finds each table of the source at the target.
 *
 * @throws TenantsError `place_unusable` for a table without a primary key, and where tables or columns of both sides differ.
 */
export function pairTables(from: readonly PlacedTable[], to: readonly PlacedTable[]): readonly TablePair[] {
  const nameOf = nameOnBothSides(from, to);
  const named = (side: readonly PlacedTable[]) => new Map(side.map((table) => [nameOf(table), table]));
  const [left, right] = [named(from), named(to)];
  if (left.size !== from.length || right.size !== to.length) {
    throw differing('tables of one name in several schemas are in one schema on the other side');
  }
  const alone = [...left.keys(), ...right.keys()].filter((name) => !left.has(name) || !right.has(name));
  if (alone.length > 0) throw differing(`tables of one side alone: ${alone.join(', ')}`);
  return from.map((table) => pairOf(table, right.get(nameOf(table)) as PlacedTable));
}

interface Named {
  readonly schema: string;
  readonly name: string;
}

/** Names what is the same on both sides alike: without its schema where one side has but one. */
export function nameOnBothSides(from: readonly Named[], to: readonly Named[]): (thing: Named) => string {
  const areMany = [from, to].every((side) => new Set(side.map(({ schema }) => schema)).size > 1);
  return ({ schema, name }) => (areMany ? `${schema}.${name}` : name);
}

function pairOf(from: PlacedTable, to: PlacedTable): TablePair {
  if (from.key.length === 0 || to.key.length === 0) {
    throw new TenantsError(
      'place_unusable',
      `the table ${quoteQualified(from)} has no primary key, so that a row of it that changes while it is copied could not be found again. ` +
        'Nothing was done. Give it one.',
    );
  }
  const generated = from.key.filter((name) => !from.columns.some((column) => column.name === name));
  if (generated.length > 0) throw differing(`generated columns in the primary key of ${quoteQualified(from)}`);
  const own = new Set([from.tenantColumn, to.tenantColumn]);
  const named = ({ columns }: PlacedTable) => new Map(columns.map(({ name, type }) => [name, bare(type)]));
  const [left, right] = [named(from), named(to)];
  const differ = [...new Set([...left.keys(), ...right.keys()])].filter(
    (name) => left.get(name) !== right.get(name) && !(own.has(name) && (!left.has(name) || !right.has(name))),
  );
  if (differ.length > 0) throw differing(`columns of ${quoteQualified(from)}: ${differ.join(', ')}`);
  const key = ({ key: all }: PlacedTable) => all.filter((name) => !own.has(name)).join(' ');
  if (key(from) !== key(to)) throw differing(`primary keys of ${quoteQualified(from)}`);
  return { from, to, columns: [...left.keys()].filter((name) => right.has(name)) };
}

/** A type of the schema itself is the same in another one. */
export function bare(type: string): string {
  return type.replace(/^(?:"(?:[^"]|"")*"|[\w$]+)\.(?=["\w])/, '');
}

function differing(what: string): TenantsError {
  return new TenantsError(
    'place_unusable',
    `both sides are not alike; ${what}. Nothing was copied. Bring both up to date with \`migrate\`.`,
  );
}

/**
 * The rows of the tenant in a table, in the order of {@link TablePair.columns}.
 *
 * @param condition - on the rows, as SQL
 */
export function rowsOf(table: PlacedTable, columns: readonly string[], tenant: string, condition = 'true'): string {
  const listed = columns.map((column) => quoteIdentifier(column)).join(', ');
  return `select ${listed} from ${quoteQualified(table)} where ${isOwn(table, tenant)} and ${condition}`;
}

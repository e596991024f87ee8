import type { Catalog, ForeignKey, Table } from './catalog.js';

export type Row = Readonly<Record<string, unknown>>;
/** The rows of each table, as `to_jsonb` tells them. */
export type Rows = ReadonlyMap<string, readonly Row[]>;

/**
 * The tenants of each row: its own tenant, and where the table has no tenant column, that of the rows it refers to, which may be
 * several. A row without any is shared.
 */
export class Ownership {
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #tenantColumn: string;
  readonly #leads: ReadonlySet<string>;

  constructor({ tables }: Catalog, tenantColumn: string) {
    this.#tables = new Map(tables.map((table) => [table.name, table]));
    this.#tenantColumn = tenantColumn;
    const leads = new Set(tables.filter(({ hasTenant }) => hasTenant).map(({ name }) => name));
    for (let before = -1; before !== leads.size; ) {
      before = leads.size;
      for (const { name, foreignKeys } of tables) if (foreignKeys.some(({ to }) => leads.has(to))) leads.add(name);
    }
    this.#leads = leads;
  }

  /** True when its rows may belong to tenants. */
  isTenants(table: string): boolean {
    return this.#leads.has(table);
  }

  /** The ids of the tenants whose the row is, among `rows`. */
  ownersOf(table: string, row: Row, rows: Rows): ReadonlySet<string> {
    const owners = new Set<string>();
    this.#collect(table, row, new Lookup(rows), owners, new Set());
    return owners;
  }

  /** The rows that the tenant has or shares, or with `own` false, those of others. */
  part(rows: Rows, tenantId: string, own: boolean): ReadonlyMap<string, readonly Row[]> {
    const lookup = new Lookup(rows);
    const part = new Map<string, readonly Row[]>();
    for (const [table, all] of rows) {
      part.set(
        table,
        all.filter((row) => {
          const owners = new Set<string>();
          if (this.#leads.has(table)) this.#collect(table, row, lookup, owners, new Set());
          return (owners.size === 0 || owners.has(tenantId)) === own;
        }),
      );
    }
    return part;
  }

  #collect(table: string, row: Row, lookup: Lookup, owners: Set<string>, seen: Set<Row>): void {
    if (seen.has(row)) return;
    seen.add(row);
    const { hasTenant, foreignKeys } = this.#tables.get(table) as Table;
    if (hasTenant) {
      const tenant = row[this.#tenantColumn];
      if (tenant !== null) owners.add(String(tenant));
      return;
    }
    for (const key of foreignKeys) {
      if (!this.#leads.has(key.to)) continue;
      const target = lookup.find(key, row);
      if (target) this.#collect(key.to, target, lookup, owners, seen);
    }
  }
}

class Lookup {
  readonly #indexes = new Map<string, Map<string, Row>>();

  constructor(readonly rows: Rows) {}

  find({ to, columns, references }: ForeignKey, row: Row): Row | undefined {
    const id = `${to}(${references.join()})`;
    let index = this.#indexes.get(id);
    if (!index) {
      index = new Map((this.rows.get(to) ?? []).map((each) => [keyOf(each, references), each]));
      this.#indexes.set(id, index);
    }
    return index.get(keyOf(row, columns));
  }
}

const keyOf = (row: Row, columns: readonly string[]) => JSON.stringify(columns.map((column) => row[column]));

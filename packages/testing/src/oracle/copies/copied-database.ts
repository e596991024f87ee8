import type { Client } from 'pg';
import { type Catalog, quoted } from './catalog.js';
import type { Row, Rows } from './ownership.js';

const SNAPSHOT = 'tenancy_oracle_snapshot';

/** A copy of the database: what is in it, and how it was at first. */
export class CopiedDatabase {
  readonly #client: Client;
  readonly #catalog: Catalog;
  #texts: ReadonlyMap<string, string> = new Map();
  #changed: ReadonlySet<string> = new Set();
  #initial: Rows = new Map();
  #sequences: readonly { readonly name: string; readonly value: string; readonly called: boolean }[] = [];

  constructor(
    readonly url: string,
    client: Client,
    catalog: Catalog,
  ) {
    this.#client = client;
    this.#catalog = catalog;
  }

  /** The rows that `restore` puts back. */
  get initial(): Rows {
    return this.#initial;
  }

  /** Keeps what is there now. */
  async keep(): Promise<void> {
    const tables = this.#catalog.tables.map(
      ({ name }, index) => `create table ${SNAPSHOT}.t${index} as table ${name};`,
    );
    await this.#client.query(`create schema ${SNAPSHOT}; ${tables.join('\n')}`);
    const sequences = this.#catalog.sequences.map(
      (name) =>
        `select '${name.replaceAll("'", "''")}' as name, last_value::text as value, is_called as called from ${name}`,
    );
    if (sequences.length > 0) this.#sequences = (await this.#client.query(sequences.join(' union all '))).rows;
    this.#texts = await this.#read();
    this.#initial = parsed(this.#texts);
  }

  /** The rows as they are now, or null where they are what was kept. */
  async changed(): Promise<Rows | null> {
    const texts = await this.#read();
    this.#changed = new Set(
      [...texts].filter(([table, text]) => this.#texts.get(table) !== text).map(([table]) => table),
    );
    return this.#changed.size === 0 ? null : parsed(texts);
  }

  /**
   * Puts back what was kept of the tables that `changed` found other, past every constraint: some references lead to rows
   * that are not there.
   */
  async restore(): Promise<void> {
    const changed = this.#changed;
    this.#changed = new Set();
    const tables = this.#catalog.tables.flatMap(({ name, columns }, index) => {
      if (!changed.has(name)) return [];
      const list = columns.map(quoted).join(', ');
      return [
        `delete from ${name};`,
        `insert into ${name} (${list}) overriding system value select ${list} from ${SNAPSHOT}.t${index};`,
      ];
    });
    const sequences = this.#sequences.map(
      ({ name, value, called }) => `select setval('${name.replaceAll("'", "''")}', ${value}, ${called});`,
    );
    const statements = [...tables, ...sequences];
    if (statements.length > 0) await this.#client.query(['begin;', ...statements, 'commit;'].join('\n'));
  }

  async #read(): Promise<ReadonlyMap<string, string>> {
    const reads = this.#catalog.tables.map(
      ({ name }, index) =>
        `select ${index} as index, coalesce(jsonb_agg(r order by r::text collate "C"), '[]')::text as rows from (select to_jsonb(t) as r from ${name} t) s`,
    );
    const { rows } = await this.#client.query<{ index: number; rows: string }>(reads.join(' union all '));
    return new Map(rows.map(({ index, rows: text }) => [this.#catalog.tables[index]?.name as string, text]));
  }
}

function parsed(texts: ReadonlyMap<string, string>): Rows {
  return new Map([...texts].map(([table, text]) => [table, JSON.parse(text) as Row[]]));
}

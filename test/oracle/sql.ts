import { OWN, type RandomRows, type Value } from './random-rows.js';
import {
  type Action,
  type Field,
  type Model,
  modelOf,
  primaryKey,
  type RandomSchema,
  type Relation,
} from './schema.js';

export type Dialect = 'postgresql' | 'sqlite' | 'mariadb';

/** The tables of a schema, and what there is to do with all of its rows. */
export class SchemaSql {
  constructor(
    readonly schema: RandomSchema,
    readonly dialect: Dialect,
  ) {}

  quoted(name: string): string {
    return this.dialect === 'mariadb' ? `\`${name}\`` : `"${name}"`;
  }

  /** @param tenantDefault an SQL expression. */
  tables(tenantDefault: string): readonly string[] {
    const { schema, dialect } = this;
    const enums =
      dialect === 'postgresql'
        ? [`create type ${this.quoted(`${schema.prefix}Color`)} as enum ('red', 'green', 'blue')`]
        : [];
    const tables = schema.models.map((model) => {
      const columns = model.fields.map((field) => this.#column(model, field, tenantDefault));
      const keys = model.keys.map(
        ({ fields }, index) =>
          `${index === 0 ? 'primary key' : 'unique'} (${fields.map((name) => this.columnOf(model, name)).join(', ')})`,
      );
      const foreign = dialect === 'sqlite' ? this.#foreignKeys(model) : [];
      return `create table ${this.quoted(model.table)} (${[...columns, ...keys, ...foreign].join(', ')})`;
    });
    const links = schema.links.map(({ table, a, b }) => {
      const ends = [a, b].map(({ model }, index) => {
        const to = modelOf(schema, model);
        const [key = ''] = primaryKey(to).fields;
        const field = to.fields.find(({ name }) => name === key) as Field;
        return `${this.quoted(index === 0 ? 'A' : 'B')} ${this.#type(field)} not null references ${this.quoted(to.table)} (${this.columnOf(to, key)}) on delete cascade on update cascade`;
      });
      return `create table ${this.quoted(table)} (${ends.join(', ')}, primary key (${this.quoted('A')}, ${this.quoted('B')}))`;
    });
    const alters =
      dialect === 'sqlite'
        ? []
        : schema.models.flatMap((model) =>
            this.#foreignKeys(model).map((key) => `alter table ${this.quoted(model.table)} add ${key}`),
          );
    return [...enums, ...tables, ...links, ...alters];
  }

  /** The statements that put the rows in the place of whatever there is; without the other tenant's, if the tenant is alone. */
  seed(rows: RandomRows, isAlone: boolean): readonly string[] {
    const { schema } = this;
    const tables = [...schema.models.map(({ table }) => table), ...schema.links.map(({ table }) => table)];
    const inserts = schema.models.flatMap((model) => {
      const { own = [], other = [], shared = [] } = rows.models.get(model.name) ?? {};
      const all = [...shared, ...own, ...(isAlone ? [] : other)];
      if (all.length === 0) return [];
      const columns = model.fields.map(({ name }) => this.columnOf(model, name)).join(', ');
      const values = all.map(
        (row) => `(${model.fields.map((field) => this.literal(field, row[field.name] ?? null)).join(', ')})`,
      );
      return [`insert into ${this.quoted(model.table)} (${columns}) values ${values.join(', ')}`];
    });
    const links = schema.links.flatMap(({ name, table, a, b }) => {
      const all = (rows.links.get(name) ?? []).filter(({ isOwn }) => isOwn || !isAlone);
      if (all.length === 0) return [];
      const [ofA, ofB] = [a, b].map(({ model }) =>
        modelOf(schema, model).fields.find((field) => field.name === primaryKey(modelOf(schema, model)).fields[0]),
      );
      const values = all.map(
        (link) => `(${this.literal(ofA as Field, link.a)}, ${this.literal(ofB as Field, link.b)})`,
      );
      return [
        `insert into ${this.quoted(table)} (${this.quoted('A')}, ${this.quoted('B')}) values ${values.join(', ')}`,
      ];
    });
    return [...tables.reverse().map((table) => `delete from ${this.quoted(table)}`), ...inserts, ...links];
  }

  /** One query that answers every row as `table`, `tenant`, `row` (a text). */
  get everything(): string {
    const { schema, dialect } = this;
    const ofModels = schema.models.map((model) => {
      const tenant = model.ownership === 'tenant' ? this.columnOf(model, schema.tenantField) : "''";
      const row = this.#text(model.fields.map(({ name }) => this.columnOf(model, name)));
      return `select ${this.#string(model.table)} as "t", ${tenant} as "tenant", ${row} as "r" from ${this.quoted(model.table)}`;
    });
    const ofLinks = schema.links.map(
      ({ table }) =>
        `select ${this.#string(table)} as "t", '' as "tenant", ${this.#text([this.quoted('A'), this.quoted('B')])} as "r" from ${this.quoted(table)}`,
    );
    const query = [...ofModels, ...ofLinks].join(' union all ');
    return dialect === 'mariadb' ? query.replaceAll('"', '`') : query;
  }

  columnOf(model: Model, field: string): string {
    return this.quoted(model.fields.find(({ name }) => name === field)?.column ?? field);
  }

  literal({ type }: Field, value: Value): string {
    if (value === null) return 'null';
    if (typeof value === 'object') {
      const text = this.#string(JSON.stringify(value.json));
      return this.dialect === 'postgresql' ? `${text}::jsonb` : text;
    }
    if (type === 'Bytes') return this.dialect === 'postgresql' ? `'\\x${value}'` : `x'${value}'`;
    if (type === 'Boolean') return this.dialect === 'postgresql' ? String(value) : value ? '1' : '0';
    if (type === 'DateTime' && this.dialect === 'sqlite') return this.#string(String(value).replace('Z', '+00:00'));
    if (type === 'DateTime' && this.dialect === 'mariadb')
      return this.#string(String(value).replace('T', ' ').replace('Z', ''));
    if (typeof value === 'string') return this.#string(value);
    return String(value);
  }

  #string(text: string): string {
    return `'${text.replaceAll("'", "''")}'`;
  }

  /** Of every column, so that two rows have the same text only if they are the same. */
  #text(columns: readonly string[]): string {
    if (this.dialect === 'postgresql') return `json_build_array(${columns.join(', ')})::text`;
    const parts = columns.map((column) => (this.dialect === 'sqlite' ? `quote(${column})` : `quote(hex(${column}))`));
    return this.dialect === 'sqlite' ? parts.join(` || ',' || `) : `concat_ws(',', ${parts.join(', ')})`;
  }

  #column(model: Model, field: Field, tenantDefault: string): string {
    const { schema } = this;
    const isTenant = model.ownership === 'tenant' && field.name === schema.tenantField;
    const given = isTenant ? tenantDefault : field.default === null ? null : this.literal(field, field.default);
    return `${this.columnOf(model, field.name)} ${this.#type(field)}${field.isRequired ? ' not null' : ''}${given === null ? '' : ` default ${given}`}`;
  }

  #foreignKeys(model: Model): readonly string[] {
    return this.schema.relations
      .filter(({ holder }) => holder === model.name)
      .map((relation: Relation) => {
        const to = modelOf(this.schema, relation.referred);
        const columns = relation.columns.map((name) => this.columnOf(model, name)).join(', ');
        const references = relation.references.map((name) => this.columnOf(to, name)).join(', ');
        return `constraint ${this.quoted(`${relation.name}_fk`)} foreign key (${columns}) references ${this.quoted(to.table)} (${references}) on delete ${sqlAction(relation.onDelete)} on update ${sqlAction(relation.onUpdate)}`;
      });
  }

  #type({ type }: Field): string {
    const { dialect, schema } = this;
    const isPostgres = dialect === 'postgresql';
    switch (type) {
      case 'String':
        return dialect === 'mariadb' ? 'varchar(191) collate utf8mb4_bin' : 'text';
      case 'Int':
        return 'integer';
      case 'BigInt':
        return 'bigint';
      case 'Float':
        return isPostgres ? 'double precision' : dialect === 'sqlite' ? 'real' : 'double';
      case 'Decimal':
        return isPostgres ? 'decimal(65,30)' : dialect === 'sqlite' ? 'decimal' : 'decimal(20,5)';
      case 'Boolean':
        return 'boolean';
      case 'DateTime':
        return isPostgres ? 'timestamp(3)' : 'datetime';
      case 'Json':
        return isPostgres ? 'jsonb' : dialect === 'sqlite' ? 'jsonb' : 'longtext';
      case 'Bytes':
        return isPostgres ? 'bytea' : 'blob';
      case 'Uuid':
        return isPostgres ? 'uuid' : dialect === 'sqlite' ? 'text' : 'char(36)';
      case 'Enum':
        return isPostgres
          ? this.quoted(`${schema.prefix}Color`)
          : dialect === 'sqlite'
            ? 'text'
            : "enum('red','green','blue')";
      default:
        throw new Error(`no column of ${String(type)}`);
    }
  }
}

function sqlAction(action: Action): string {
  return { Cascade: 'cascade', Restrict: 'restrict', NoAction: 'no action', SetNull: 'set null' }[action];
}

/** All rows as they are, in two parts: what the other tenant has, and the rest, which a tenant that is alone has as well. */
export interface Snapshot {
  readonly own: readonly string[];
  readonly other: readonly string[];
}

export interface RawRow {
  readonly t: string;
  readonly tenant: string;
  readonly r: string;
}

/** Parts what `everything` answered. Of a link the other has what leads to none of the tenant's own rows. */
export function snapshotOf(sql: SchemaSql, rows: RandomRows, all: readonly RawRow[]): Snapshot {
  const { schema } = sql;
  const own: string[] = [];
  const other: string[] = [];
  const foreign = new Map(
    schema.links.map(({ name, table }) => [
      table,
      new Set((rows.links.get(name) ?? []).filter(({ isOwn }) => !isOwn).map((link) => linkText(sql, name, link))),
    ]),
  );
  for (const { t, tenant, r } of all) {
    const isOthers = foreign.has(t) ? foreign.get(t)?.has(r) === true : tenant !== '' && tenant !== OWN.id;
    (isOthers ? other : own).push(`${t}: ${r}`);
  }
  return { own: own.sort(), other: other.sort() };
}

function linkText(
  { schema, dialect }: SchemaSql,
  name: string,
  { a, b }: { readonly a: Value; readonly b: Value },
): string {
  const link = schema.links.find((each) => each.name === name);
  if (!link) throw new Error(`no link ${name}`);
  const text = (value: Value): string => {
    if (dialect === 'mariadb') {
      const hex = typeof value === 'string' ? Buffer.from(value).toString('hex') : BigInt(String(value)).toString(16);
      return `'${hex.toUpperCase()}'`;
    }
    const quote = dialect === 'sqlite' ? "'" : '"';
    return typeof value === 'string' ? `${quote}${value}${quote}` : String(value);
  };
  return dialect === 'postgresql' ? `[${text(a)}, ${text(b)}]` : `${text(a)},${text(b)}`;
}

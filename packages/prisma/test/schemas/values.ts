import { type Args, inheriting } from '../../../../test/oracle/arguments.js';
import type { Dice } from '../../../../test/oracle/dice.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OTHER, OWN, type Row, type Value, valueFor } from '../../../../test/oracle/random-rows.js';
import {
  type Field,
  fieldOf,
  type Key,
  type Model,
  modelOf,
  primaryKey,
  type RandomSchema,
  type Relation,
} from '../../../../test/oracle/schema.js';

/** A relation as a field of one of its two models. */
export interface RelationField {
  readonly name: string;
  readonly model: Model;
  readonly to: Model;
  readonly kind: 'holder' | 'back' | 'link';
  readonly isList: boolean;
  readonly isRequired: boolean;
  /** Null for a link. */
  readonly relation: Relation | null;
  readonly inverse: string;
}

export interface ClientValues {
  readonly skip: unknown;
  readonly DbNull: unknown;
  readonly JsonNull: unknown;
  readonly AnyNull: unknown;
}

/** Parts of one piece of work: values, rows and keys that mostly fit, and odd ones where any may stand. */
export class Values {
  /** Of one model mostly the same few rows, so that the parts of a call meet. */
  readonly #focus = new Map<string, readonly Row[]>();
  readonly schema: RandomSchema;
  #namesOther = false;

  constructor(
    readonly dice: Dice,
    readonly given: RandomCase,
    readonly client: ClientValues,
    readonly settings: { readonly isOdd: boolean; readonly takesSkip: boolean },
  ) {
    this.schema = given.schema;
  }

  model(name: string): Model {
    return modelOf(this.schema, name);
  }

  relations(model: Model): readonly RelationField[] {
    const { schema } = this;
    const fields: RelationField[] = [];
    for (const relation of schema.relations) {
      const { holder, referred, field, backField, isRequired, isOneToOne } = relation;
      const [of, to] = [modelOf(schema, holder), modelOf(schema, referred)];
      if (of === model)
        fields.push({
          name: field,
          model,
          to,
          kind: 'holder',
          isList: false,
          isRequired,
          relation,
          inverse: backField,
        });
      if (to === model)
        fields.push({
          name: backField,
          model,
          to: of,
          kind: 'back',
          isList: !isOneToOne,
          isRequired: false,
          relation,
          inverse: field,
        });
    }
    for (const { a, b } of schema.links) {
      for (const [end, other] of [
        [a, b],
        [b, a],
      ] as const) {
        if (end.model !== model.name) continue;
        fields.push({
          name: end.field,
          model,
          to: modelOf(schema, other.model),
          kind: 'link',
          isList: true,
          isRequired: false,
          relation: null,
          inverse: other.field,
        });
      }
    }
    return fields;
  }

  /** A row that is there: mostly its own, mostly one that was named before. */
  row(model: Model): Row | null {
    const { dice } = this;
    const { own, other, shared } = this.given.rows.models.get(model.name) ?? { own: [], other: [], shared: [] };
    const mine = [...own, ...shared];
    const focus = this.#focus.get(model.name) ?? [
      ...dice.some(mine, 1, 2),
      ...(other.length > 0 && dice.chance(0.08) ? [dice.pick(other)] : []),
    ];
    this.#focus.set(model.name, focus);
    if (focus.length > 0 && dice.chance(0.7)) return this.#noted(model, dice.pick(focus));
    const all = dice.chance(0.04) ? other : mine;
    return all.length > 0 ? this.#noted(model, dice.pick(all)) : null;
  }

  /** A row on the other end of a relation of a row, where there is one. */
  related(field: RelationField, row: Row | null): Row | null {
    const { dice } = this;
    const { relation, kind } = field;
    if (row === null || relation === null || dice.chance(0.35)) return this.row(field.to);
    const { own = [], shared = [], other = [] } = this.given.rows.models.get(field.to.name) ?? {};
    const fits = (each: Row) =>
      relation.columns.every((column, index) => {
        const reference = relation.references[index] as string;
        return kind === 'holder' ? row[column] === each[reference] : each[column] === row[reference];
      });
    const found = [...own, ...shared, ...other].filter(fits);
    return found.length > 0 ? this.#noted(field.to, dice.pick(found)) : this.row(field.to);
  }

  /** True when a row or the id of another tenant was taken for any part of the work. */
  get namesOther(): boolean {
    return this.#namesOther;
  }

  #noted(model: Model, row: Row): Row {
    const { models } = this.given.rows;
    if (
      models.get(model.name)?.other.includes(row) ||
      (model.name === `${this.schema.prefix}Org` && row['id'] !== OWN.id)
    )
      this.#namesOther = true;
    return row;
  }

  /** As the client takes it. */
  toArg({ type }: Field, value: Value): unknown {
    if (value === null) return type === 'Json' ? this.client.DbNull : null;
    if (typeof value === 'object') return value.json;
    if (type === 'Bytes') return new Uint8Array(Buffer.from(String(value), 'hex'));
    if (type === 'DateTime') return this.dice.chance(0.3) ? value : new Date(String(value));
    return value;
  }

  /** A new value, as the n-th row would have it. */
  fresh(model: Model, field: Field): Value {
    return valueFor(
      this.dice,
      this.schema,
      model,
      field,
      model.ownership === 'tenant' ? 'own' : 'shared',
      this.dice.between(5, 60),
    );
  }

  raw(model: Model, field: Field): Value {
    const { dice } = this;
    if (this.isTenantField(model, field.name)) return this.tenantId();
    const row = dice.chance(0.7) ? this.row(model) : null;
    return row ? (row[field.name] ?? null) : this.fresh(model, field);
  }

  value(model: Model, field: Field): unknown {
    return this.odd(this.toArg(field, this.raw(model, field)));
  }

  notNull(model: Model, field: Field): unknown {
    const value = this.raw(model, field);
    return this.toArg(
      field,
      value ?? valueFor(this.dice, this.schema, model, { ...field, isRequired: true }, 'own', 6),
    );
  }

  tenantId(): string {
    if (this.dice.chance(0.93)) return OWN.id;
    this.#namesOther = true;
    return OTHER.id;
  }

  isTenantField(model: Model, name: string): boolean {
    return model.ownership === 'tenant' && name === this.schema.tenantField;
  }

  /** A unique key of a row, as a `where` has it. */
  key(
    model: Model,
    row: Row | null,
    key: Key = this.dice.chance(0.7) ? primaryKey(model) : this.dice.pick(model.keys),
  ): Args {
    const entries = Object.fromEntries(
      key.fields.map((name) => {
        const field = fieldOf(model, name);
        const value = row?.[name] ?? null;
        const given = value === null ? this.notNull(model, field) : this.toArg(field, value);
        return [name, this.odd(given, 0.5)];
      }),
    );
    return key.fields.length === 1 ? entries : { [key.name]: this.object(entries) };
  }

  /** Something odd in the place of a value, in odd work alone. */
  odd<T>(value: T, weight = 1): T {
    const { dice, settings } = this;
    if (!settings.isOdd || !dice.chance(0.07 * weight)) return value;
    const { skip, DbNull } = this.client;
    return dice.weighted<unknown>([
      [4, undefined],
      [settings.takesSkip ? 5 : 0, skip],
      [2, null],
      [1, {}],
      [1, []],
      [1, [undefined]],
      [1, { equals: undefined }],
      // Values without keys of their own, as an object may have none.
      [0.5, new Date(0)],
      [0.5, new Uint8Array()],
      [0.5, DbNull],
      [0.5, 'text'],
      [0.5, 7],
      [0.5, true],
    ]) as T;
  }

  /** An object of arguments: in odd work, entries that are nothing, or are inherited. */
  object(entries: Args): Args {
    const { dice, settings } = this;
    if (!settings.isOdd) return entries;
    const with_ = dice.chance(0.06)
      ? { ...entries, [dice.pick(Object.keys(entries).concat('AND'))]: this.odd<unknown>(undefined, 5) }
      : entries;
    return dice.chance(0.03) ? inheriting(with_) : with_;
  }

  /** One or several: Prisma takes either in most places. */
  oneOrMany<T>(make: () => T): unknown {
    const { dice, settings } = this;
    if (settings.isOdd && dice.chance(0.08))
      return dice.pick<unknown>([[], [undefined], undefined, [make(), undefined]]);
    return dice.chance(0.5) ? make() : dice.many(1, 3, make);
  }
}

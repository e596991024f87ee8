import type { Args } from '../../../../test/oracle/arguments.js';
import type { Dice } from '../../../../test/oracle/dice.js';
import { type Field, fieldOf, type Model, primaryKey } from '../../../../test/oracle/schema.js';
import type { RelationField, Values } from './values.js';

const NUMBERS: readonly string[] = ['Int', 'BigInt', 'Float', 'Decimal'];

/** Random arguments of reads. */
export class Reads {
  readonly dice: Dice;

  constructor(
    readonly values: Values,
    /** True when everything that comes back as a list is in an order. */
    readonly isOrdered: boolean,
  ) {
    this.dice = values.dice;
  }

  /** @param ofColumns whether it asks nothing of related rows, as in a nested `deleteMany`. */
  filter(model: Model, depth: number, ofColumns = false): Args {
    const { dice, values } = this;
    const entries: Args = {};
    for (
      let n = dice.weighted([
        [2, 0],
        [6, 1],
        [3, 2],
        [1, 3],
      ]);
      n > 0;
      n -= 1
    )
      Object.assign(entries, this.#condition(model, depth, ofColumns));
    return values.object(entries);
  }

  #condition(model: Model, depth: number, ofColumns: boolean): Args {
    const { dice, values } = this;
    const relations = depth > 0 && !ofColumns ? values.relations(model) : [];
    const kind = dice.weighted([
      [5, 'scalar'],
      [relations.length > 0 ? 5 : 0, 'relation'],
      [depth > 0 ? 4 : 0, 'combined'],
    ] as const);
    if (kind === 'scalar') {
      const field = dice.pick(model.fields);
      return { [field.name]: this.#scalar(model, field) };
    }
    if (kind === 'relation') {
      const field = dice.pick(relations);
      return { [field.name]: values.odd(this.#relation(field, depth - 1)) };
    }
    const key = dice.pick(['AND', 'OR', 'NOT']);
    const one = () => values.odd(dice.chance(0.12) ? {} : this.filter(model, depth - 1, ofColumns));
    const many = dice.weighted<() => unknown>([
      [2, one],
      [1.2, () => []],
      [4, () => dice.many(1, 3, one)],
    ])();
    return { [key]: values.odd(many) };
  }

  #scalar(model: Model, field: Field): unknown {
    const { dice, values } = this;
    const { type } = field;
    const value = () => values.notNull(model, field);
    const anything = () => values.value(model, field);
    const isText = type === 'String';
    const isOrdered = NUMBERS.includes(type) || isText || type === 'DateTime';
    if (type === 'Json') {
      return dice.pick<() => unknown>([
        () => ({ equals: value() }),
        () => ({ not: value() }),
        () => ({ equals: values.client.DbNull }),
        () => ({ equals: values.client.AnyNull }),
        () => undefined,
      ])();
    }
    return dice.weighted<() => unknown>([
      [5, anything],
      [2, () => ({ equals: anything() })],
      [2, () => ({ not: anything() })],
      [type === 'Boolean' ? 0 : 2, () => ({ in: dice.many(0, 3, () => values.odd(value(), 0.5)) })],
      [type === 'Boolean' ? 0 : 1, () => ({ notIn: dice.many(0, 2, value) })],
      [isOrdered ? 2 : 0, () => ({ gte: value(), ...(dice.chance(0.3) && { lt: value() }) })],
      [
        isText ? 2 : 0,
        () => ({ contains: dice.pick(['1', 'text', 'alpha', 'beta']), ...(dice.chance(0.2) && { not: anything() }) }),
      ],
      [1, () => ({ not: { equals: anything() } })],
      [0.5, () => ({})],
    ])();
  }

  #relation(field: RelationField, depth: number): unknown {
    const { dice, values } = this;
    const inner = () =>
      values.odd(
        dice.chance(0.2)
          ? dice.pick<Args>([{}, { OR: [] }, { AND: [] }, { NOT: [] }, { OR: [{}] }])
          : this.filter(field.to, depth),
      );
    if (field.isList) {
      const some = dice.some(['some', 'every', 'none'], 1, dice.chance(0.2) ? 2 : 1);
      return values.object(Object.fromEntries(some.map((key) => [key, inner()])));
    }
    return dice.weighted<() => unknown>([
      [3, inner],
      [3, () => ({ is: inner() })],
      [3, () => ({ isNot: inner() })],
      [1, () => ({ is: inner(), isNot: inner() })],
      [field.isRequired ? 0.2 : 2, () => dice.pick([null, { is: null }, { isNot: null }])],
    ])();
  }

  unique(
    model: Model,
    row: Readonly<Record<string, never>> | ReturnType<Values['row']> = this.values.row(model),
  ): Args {
    const { dice, values } = this;
    const key = values.key(model, row);
    const beside = dice.chance(0.15) ? this.filter(model, 1) : {};
    return values.object({ ...beside, ...key });
  }

  /** To the end by the primary key, so that the answer is determined. */
  order(model: Model): readonly Args[] {
    const { dice, values } = this;
    const direction = () => dice.pick(['asc', 'desc']);
    const first = dice.weighted<() => readonly Args[]>([
      [6, () => []],
      [2, () => [this.#orderOf(dice.pick(model.fields), direction())]],
      [
        1,
        () => {
          const relations = values.relations(model);
          if (relations.length === 0) return [];
          const field = dice.pick(relations);
          return [
            {
              [field.name]: field.isList
                ? { _count: direction() }
                : { [primaryKey(field.to).fields[0] as string]: direction() },
            },
          ];
        },
      ],
    ])();
    return [...first, ...primaryKey(model).fields.map((name) => ({ [name]: 'asc' }))];
  }

  #orderOf({ name, isRequired, type }: Field, direction: string): Args {
    if (type === 'Json') return {};
    return {
      [name]:
        isRequired || this.dice.chance(0.6) ? direction : { sort: direction, nulls: this.dice.pick(['first', 'last']) },
    };
  }

  page(model: Model, depth: number): Args {
    const { dice, values, isOrdered } = this;
    const where = dice.chance(0.8) ? { where: values.odd(this.filter(model, depth)) } : {};
    if (!isOrdered) return where;
    const cursor = dice.chance(0.12);
    const distinct =
      !cursor && dice.chance(0.1) ? model.fields.filter(({ type }) => type !== 'Json' && type !== 'Bytes') : [];
    return values.object({
      ...where,
      orderBy: this.order(model),
      ...(dice.chance(0.25) && { take: values.odd(dice.between(-3, 3)) }),
      ...(dice.chance(0.15) && { skip: values.odd(dice.between(0, 2)) }),
      ...(cursor && { cursor: values.key(model, values.row(model)) }),
      ...(distinct.length > 0 && { distinct: dice.some(distinct, 1, 2).map(({ name }) => values.odd(name)) }),
    });
  }

  /** `include`, `select` or `omit`, to a depth. */
  result(model: Model, depth: number): Args {
    const { dice, values } = this;
    const relations = values.relations(model);
    const asked: Args = {};
    for (const field of depth > 0 ? dice.some(relations, 0, 2) : [])
      asked[field.name] = values.odd(this.#included(field, depth - 1));
    const lists = relations.filter(({ isList }) => isList);
    if (lists.length > 0 && dice.chance(0.15)) asked['_count'] = values.odd(this.#count(lists));
    const scalars = dice.some(model.fields, 1, 3).map(({ name }) => name);
    return dice.weighted<() => Args>([
      [3, () => ({})],
      [4, () => (Object.keys(asked).length === 0 ? {} : { include: values.object(asked) })],
      [
        3,
        () => ({
          select: values.object({ ...Object.fromEntries(scalars.map((name) => [name, values.odd(true)])), ...asked }),
        }),
      ],
      [
        1,
        () => ({
          omit: Object.fromEntries(scalars.map((name) => [name, values.odd(true)])),
          ...(Object.keys(asked).length > 0 && { include: asked }),
        }),
      ],
    ])();
  }

  #included(field: RelationField, depth: number): unknown {
    const { dice, values } = this;
    if (dice.chance(0.3) && (!field.isList || !this.isOrdered)) return dice.chance(0.9);
    if (field.isList) return values.object({ ...this.page(field.to, 1), ...this.result(field.to, depth) });
    const where = !field.isRequired && dice.chance(0.3) ? { where: values.odd(this.filter(field.to, 1)) } : {};
    return values.object({ ...where, ...this.result(field.to, depth) });
  }

  #count(lists: readonly RelationField[]): unknown {
    const { dice, values } = this;
    if (dice.chance(0.4)) return true;
    const some = dice
      .some(lists, 1, 2)
      .map((field) => [
        field.name,
        values.odd(dice.chance(0.5) ? true : { where: values.odd(this.filter(field.to, 1)) }),
      ]);
    return { select: Object.fromEntries(some) };
  }

  aggregates(model: Model): Args {
    const { dice, values } = this;
    const numbers = model.fields.filter(({ type }) => NUMBERS.includes(type));
    const sortable = model.fields.filter(({ type }) => !['Json', 'Bytes', 'Boolean', 'Enum'].includes(type));
    const of = (fields: readonly Field[]) =>
      Object.fromEntries(dice.some(fields, 1, 2).map(({ name }) => [name, values.odd(true)]));
    return {
      _count: values.odd(dice.chance(0.5) ? true : { _all: true, ...of(model.fields) }),
      ...(dice.chance(0.4) && { _max: of(sortable) }),
      ...(dice.chance(0.4) && { _min: of(sortable) }),
      ...(numbers.length > 0 && dice.chance(0.4) && { [dice.pick(['_sum', '_avg'])]: of(numbers) }),
    };
  }

  groups(model: Model): Args {
    const { dice, values } = this;
    const by = dice.some(
      model.fields.filter(({ type }) => type !== 'Json' && type !== 'Bytes'),
      1,
      2,
    );
    const [first] = by as [Field];
    return {
      by: by.map(({ name }) => name),
      ...(dice.chance(0.7) && { where: this.filter(model, 2) }),
      orderBy: by.map(({ name }) => ({ [name]: 'asc' })),
      ...(dice.chance(0.3) && { having: { [first.name]: { not: values.notNull(model, fieldOf(model, first.name)) } } }),
      ...this.aggregates(model),
    };
  }
}

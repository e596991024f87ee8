import type { Arbitrary } from 'fast-check';
import type { FuzzedPrismaField } from '../fuzzed/fuzzed-schema.js';
import { seldom } from '../fuzzed/values.js';
import type { PrismaModel, PrismaRelation } from './prisma-model.js';
import { defined, isComparable, isEnum, isNumber, type PrismaValues } from './prisma-values.js';

/** Random arguments of reads. */
export class PrismaReads {
  constructor(readonly values: PrismaValues) {}

  filter(model: PrismaModel, depth: number): Arbitrary<object> {
    const { random } = this.values;
    const conditions: { readonly weight: number; readonly arbitrary: Arbitrary<object> }[] = [];
    for (const field of model.scalars) {
      const condition = this.#condition(model, field);
      if (condition) conditions.push({ weight: 2, arbitrary: condition });
    }
    if (depth > 0) {
      for (const relation of model.relations) {
        conditions.push({ weight: 3, arbitrary: this.#related(relation, depth - 1) });
      }
      conditions.push({ weight: 2, arbitrary: this.#combined(model, depth - 1) });
    }
    if (conditions.length === 0) return random.constant({});
    return random
      .oneof(
        { weight: 1, arbitrary: random.constant([]) },
        { weight: 6, arbitrary: random.array(random.oneof(...conditions), { minLength: 1, maxLength: 2 }) },
      )
      .map((all) => Object.assign({}, ...all) as object);
  }

  #condition(model: PrismaModel, field: FuzzedPrismaField): Arbitrary<object> | null {
    const { random } = this.values;
    const value = isComparable(field) ? this.values.of(model, field) : null;
    if (!value) return null;
    const operators: Arbitrary<unknown>[] = [value, value.map((equals) => ({ equals })), value.map((not) => ({ not }))];
    if (!field.isRequired) operators.push(random.constant(null), random.constant({ not: null }));
    if (field.type !== 'Boolean') {
      operators.push(random.array(value, { maxLength: 3 }).map((all) => ({ in: all })));
      operators.push(random.array(value, { minLength: 1, maxLength: 2 }).map((notIn) => ({ notIn })));
    }
    if (isNumber(field) || field.type === 'DateTime') {
      operators.push(
        value.map((gte) => ({ gte })),
        value.map((lt) => ({ lt })),
      );
    }
    if (field.type === 'String' && field.nativeType !== 'Uuid') {
      const piece = value.map((text) => String(text).slice(0, 3));
      operators.push(
        piece.map((startsWith) => ({ startsWith })),
        piece.map((contains) => ({ contains })),
      );
    }
    return random.oneof(...operators).map((condition) => ({ [field.name]: condition }));
  }

  #related(relation: PrismaRelation, depth: number): Arbitrary<object> {
    const { random } = this.values;
    const inner = this.filter(this.values.model(relation.to), depth);
    const asked: Arbitrary<unknown> = relation.isList
      ? random.tuple(random.constantFrom('some', 'every', 'none'), inner).map(([how, filter]) => ({ [how]: filter }))
      : random.oneof(
          inner,
          random.tuple(random.constantFrom('is', 'isNot'), inner).map(([how, filter]) => ({ [how]: filter })),
          ...(relation.isRequired ? [] : [random.constantFrom(null, { is: null }, { isNot: null })]),
        );
    return asked.map((filter) => ({ [relation.name]: filter }));
  }

  #combined(model: PrismaModel, depth: number): Arbitrary<object> {
    const { random } = this.values;
    return random
      .tuple(
        random.constantFrom('AND', 'OR', 'NOT'),
        random.array(this.filter(model, depth), { minLength: 1, maxLength: 2 }),
      )
      .map(([key, all]) => ({ [key]: all }));
  }

  unique(model: PrismaModel, depth: number): Arbitrary<object> | null {
    const { random } = this.values;
    const key = this.values.unique(model);
    if (!key || depth === 0) return key;
    return random.oneof(
      { weight: 5, arbitrary: key },
      {
        weight: 1,
        arbitrary: random.tuple(key, this.filter(model, depth)).map(([unique, filter]) => ({ ...filter, ...unique })),
      },
    );
  }

  /** Always to the end by the key, so that the answer is determined. */
  order(model: PrismaModel): Arbitrary<object[]> {
    const { random } = this.values;
    const direction = random.constantFrom('asc', 'desc');
    const fields = model.scalars.filter(isComparable);
    const counted = model.relations.filter(({ isList }) => isList);
    const some = random.oneof(
      {
        weight: 3,
        arbitrary: random.tuple(random.constantFrom(...fields), direction).map(([{ name }, to]) => ({ [name]: to })),
      },
      ...(counted.length === 0
        ? []
        : [
            {
              weight: 1,
              arbitrary: random
                .tuple(random.constantFrom(...counted), direction)
                .map(([{ name }, to]) => ({ [name]: { _count: to } })),
            },
          ]),
    );
    return random
      .oneof({ weight: 5, arbitrary: random.constant([]) }, { weight: 2, arbitrary: random.tuple(some) })
      .map((first) => [...first, ...this.byKey(model)]);
  }

  byKey({ keys, scalars, tenantField }: PrismaModel): object[] {
    const fields = keys[0]?.fields ?? scalars.filter(isComparable).map(({ name }) => name);
    return fields.filter((field) => field !== tenantField || fields.length === 1).map((field) => ({ [field]: 'asc' }));
  }

  page(model: PrismaModel, depth: number): Arbitrary<Readonly<Record<string, unknown>>> {
    const { random } = this.values;
    const cursor = this.values.unique(model);
    return random
      .tuple(
        random.option(this.filter(model, depth), { nil: undefined }),
        this.order(model),
        random.option(random.integer({ min: -3, max: 3 }), { nil: undefined, freq: 2 }),
        random.option(random.integer({ min: 0, max: 2 }), { nil: undefined, freq: 2 }),
        cursor ? seldom(random, cursor) : random.constant(undefined),
      )
      .map(([where, orderBy, take, skip, position]) => ({
        ...defined({ where, orderBy, take, skip, cursor: position }),
      }));
  }

  /** `include`, `select` or neither, to a depth. */
  result(model: PrismaModel, depth: number): Arbitrary<object> {
    const { random } = this.values;
    const { relations } = model;
    const nested: Arbitrary<object> =
      depth === 0 || relations.length === 0
        ? random.constant({})
        : random
            .uniqueArray(random.constantFrom(...relations), { maxLength: 2 })
            .chain((chosen) => random.tuple(...chosen.map((relation) => this.#relation(relation, depth - 1))))
            .map((all) => Object.assign({}, ...all) as object);
    const lists = relations.filter(({ isList }) => isList);
    const count: Arbitrary<object> =
      depth === 0 || lists.length === 0
        ? random.constant({})
        : random.oneof(
            { weight: 3, arbitrary: random.constant({}) },
            { weight: 1, arbitrary: random.constant({ _count: true }) },
            {
              weight: 1,
              arbitrary: random
                .constantFrom(...lists)
                .chain(({ name, to }) =>
                  this.filter(this.values.model(to), 1).map((where) => ({ _count: { select: { [name]: { where } } } })),
                ),
            },
          );
    const shown = model.scalars.map(({ name }) => name);
    return random
      .tuple(random.constantFrom('none', 'include', 'include', 'select'), nested, count, random.constantFrom(...shown))
      .map(([kind, asked, counted, name]): object => {
        const all = { ...asked, ...counted };
        if (kind === 'select') {
          const keys = Object.fromEntries((model.keys[0]?.fields ?? []).map((field) => [field, true]));
          return { select: { [name]: true, ...keys, ...all } };
        }
        return kind === 'none' || Object.keys(all).length === 0 ? {} : { include: all };
      });
  }

  #relation(relation: PrismaRelation, depth: number): Arbitrary<object> {
    const { random } = this.values;
    const model = this.values.model(relation.to);
    const result = this.result(model, depth);
    if (relation.isList) {
      return random
        .tuple(this.page(model, 1), result)
        .map(([{ cursor: _, ...page }, rest]) => ({ [relation.name]: { ...page, ...rest } }));
    }
    return random.tuple(result, seldom(random, this.filter(model, 1))).map(([rest, where]) => {
      const asked = relation.isRequired ? rest : defined({ where, ...rest });
      return { [relation.name]: Object.keys(asked).length === 0 ? true : asked };
    });
  }

  /** Functions over columns whose result does not depend on the order of the rows. */
  functions(model: PrismaModel): Arbitrary<object> {
    const { random } = this.values;
    const ordered = model.scalars.filter((field) => isComparable(field) && !isEnum(field) && field.type !== 'Boolean');
    const summed = model.scalars.filter((field) => isNumber(field) && field.type !== 'Float');
    const names = (fields: readonly FuzzedPrismaField[]) => random.constantFrom(...fields.map(({ name }) => name));
    return random.oneof(
      random.constant({ _count: true }),
      random.constant({ _count: { _all: true } }),
      ...(ordered.length > 0
        ? [names(ordered).map((name) => ({ _min: { [name]: true }, _max: { [name]: true }, _count: { [name]: true } }))]
        : []),
      ...(summed.length > 0 ? [names(summed).map((name) => ({ _sum: { [name]: true } }))] : []),
    );
  }
}

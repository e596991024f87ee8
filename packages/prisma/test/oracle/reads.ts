import fc from 'fast-check';
import type { Schema, SchemaField, SchemaModel } from '../../src/schema/schema.js';
import { keyOf, type Values } from './values.js';

/** Random arguments of reads, for the models of a schema. */
export class Reads {
  constructor(
    readonly schema: Schema,
    readonly values: Values,
  ) {}

  model(name: string): SchemaModel {
    return this.schema.models.get(name) as SchemaModel;
  }

  scalars({ fields }: SchemaModel): readonly SchemaField[] {
    return fields.filter(({ kind }) => kind === 'scalar');
  }

  relations({ fields }: SchemaModel): readonly SchemaField[] {
    return fields.filter(({ kind }) => kind === 'relation');
  }

  filter(model: SchemaModel, depth: number): fc.Arbitrary<object> {
    const conditions = [
      ...this.scalars(model).map((field) => ({ weight: 2, arbitrary: this.#condition(model, field) })),
    ];
    if (depth > 0) {
      conditions.push(
        ...this.relations(model).map((field) => ({ weight: 3, arbitrary: this.#related(field, depth - 1) })),
        { weight: 2, arbitrary: this.#combined(model, depth - 1) },
      );
    }
    return fc
      .oneof(
        { weight: 1, arbitrary: fc.constant([]) },
        { weight: 6, arbitrary: fc.array(fc.oneof(...conditions), { minLength: 1, maxLength: 2 }) },
      )
      .map((all) => Object.assign({}, ...all) as object);
  }

  #condition(model: SchemaModel, field: SchemaField): fc.Arbitrary<object> {
    const value = this.values.of(model, field);
    const operators = [
      value,
      value.map((equals) => ({ equals })),
      value.map((not) => ({ not })),
      fc.array(value, { maxLength: 3 }).map((all) => ({ in: all })),
      fc.array(value, { maxLength: 2 }).map((notIn) => ({ notIn })),
      ...(field.isRequired ? [] : [fc.constant(null), fc.constant({ not: null })]),
      ...(field.type === 'Int' ? [value.map((gte) => ({ gte })), value.map((lt) => ({ lt }))] : []),
      ...(field.type === 'String' ? [fc.constantFrom('1', '2', 'title').map((contains) => ({ contains }))] : []),
    ];
    const usable = field.type === 'Boolean' ? operators.slice(0, 3) : operators;
    return fc.oneof(...usable).map((condition) => ({ [field.name]: condition }));
  }

  #related(field: SchemaField, depth: number): fc.Arbitrary<object> {
    const inner = this.filter(this.model(field.type), depth);
    const asked = field.isList
      ? fc
          .tuple(fc.constantFrom('some', 'every', 'none'), inner)
          .map(([quantifier, filter]) => ({ [quantifier]: filter }))
      : fc.oneof(
          inner,
          fc.tuple(fc.constantFrom('is', 'isNot'), inner).map(([key, filter]) => ({ [key]: filter })),
          ...(field.isRequired ? [] : [fc.constantFrom(null, { is: null }, { isNot: null })]),
        );
    return asked.map((filter) => ({ [field.name]: filter }));
  }

  #combined(model: SchemaModel, depth: number): fc.Arbitrary<object> {
    return fc
      .tuple(fc.constantFrom('AND', 'OR', 'NOT'), fc.array(this.filter(model, depth), { minLength: 1, maxLength: 2 }))
      .map(([key, all]) => ({ [key]: key === 'NOT' && all.length === 1 ? all[0] : all }));
  }

  unique(model: SchemaModel, depth: number): fc.Arbitrary<object> {
    const key = this.values.id(model).map((id) => ({ [keyOf(model)]: id }));
    return fc.oneof(
      { weight: 4, arbitrary: key },
      { weight: 1, arbitrary: fc.tuple(key, this.filter(model, depth)).map(([id, filter]) => ({ ...filter, ...id })) },
    );
  }

  /** Always to the end by the key, so that the answer is determined. */
  order(model: SchemaModel): fc.Arbitrary<object[]> {
    const direction = fc.constantFrom('asc', 'desc');
    const some = fc.oneof(
      fc.tuple(fc.constantFrom(...this.scalars(model)), direction).map(([{ name }, to]) => ({ [name]: to })),
      fc.tuple(fc.constantFrom(...this.relations(model)), direction).map(([field, to]) => ({
        [field.name]: field.isList ? { _count: to } : { [keyOf({ name: field.type })]: to },
      })),
    );
    return fc
      .oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.tuple(some) })
      .map((first) => [...first, { [keyOf(model)]: 'asc' }]);
  }

  page(model: SchemaModel, depth: number): fc.Arbitrary<object> {
    return fc
      .tuple(
        fc.option(this.filter(model, depth), { nil: undefined }),
        this.order(model),
        fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined, freq: 2 }),
        fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 2 }),
        fc.option(this.values.id(model), { nil: undefined, freq: 2 }),
        fc.option(fc.constantFrom(...this.scalars(model)), { nil: undefined, freq: 2 }),
      )
      .map(([where, orderBy, take, skip, cursor, distinct]) =>
        defined({
          where,
          orderBy,
          take,
          skip,
          cursor: cursor && { [keyOf(model)]: cursor },
          distinct: distinct && cursor === undefined ? [distinct.name] : undefined,
        }),
      );
  }

  /** `include`, `select` or `omit`, to a depth. */
  result(model: SchemaModel, depth: number): fc.Arbitrary<object> {
    const relations = this.relations(model);
    const nested =
      depth === 0
        ? fc.constant({})
        : fc
            .uniqueArray(fc.constantFrom(...relations), { maxLength: 2 })
            .chain((fields) => fc.tuple(...fields.map((field) => this.#relation(field, depth - 1))))
            .map((all) => Object.assign({}, ...all) as object);
    const lists = relations.filter(({ isList }) => isList);
    const count: fc.Arbitrary<object> =
      lists.length === 0
        ? fc.constant({})
        : fc.oneof(
            { weight: 3, arbitrary: fc.constant({}) },
            { weight: 1, arbitrary: fc.constant({ _count: true }) },
            {
              weight: 1,
              arbitrary: fc.constantFrom(...lists).chain((field) =>
                fc
                  .oneof(
                    fc.constant(true),
                    this.filter(this.model(field.type), 1).map((where) => ({ where })),
                  )
                  .map((asked) => ({
                    _count: { select: { [field.name]: asked } },
                  })),
              ),
            },
          );
    const relationsAndCount = fc.tuple(nested, count).map(([a, b]) => ({ ...a, ...b }));
    return fc
      .tuple(
        fc.constantFrom('none', 'include', 'select', 'omit'),
        relationsAndCount,
        fc.constantFrom(...this.scalars(model)),
      )
      .map(([kind, asked, { name }]): object => {
        if (kind === 'select') return { select: { [name]: true, [keyOf(model)]: true, ...asked } };
        if (kind === 'omit')
          return { omit: { [name]: true, tenantId: true }, ...(Object.keys(asked).length > 0 && { include: asked }) };
        return kind === 'none' || Object.keys(asked).length === 0 ? {} : { include: asked };
      });
  }

  #relation(field: SchemaField, depth: number): fc.Arbitrary<object> {
    const model = this.model(field.type);
    const args = field.isList
      ? fc.tuple(this.page(model, 1), this.result(model, depth)).map(([page, result]) => ({ ...page, ...result }))
      : this.result(model, depth).chain((result) =>
          field.isRequired
            ? fc.constant(result)
            : fc
                .option(this.filter(model, 1), { nil: undefined, freq: 2 })
                .map((where) => defined({ where, ...result })),
        );
    // An unordered list would have no determined answer.
    return (field.isList ? args : fc.oneof(fc.constant(true), args)).map((asked) => ({
      [field.name]: typeof asked === 'object' && Object.keys(asked).length === 0 ? true : asked,
    }));
  }
}

export function defined(entries: object): object {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

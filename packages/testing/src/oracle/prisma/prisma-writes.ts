import type { Arbitrary } from 'fast-check';
import { freshLike } from '../fuzzed/values.js';
import { holdsKey, isTenantAlone, type PrismaModel, type PrismaRelation } from './prisma-model.js';
import type { PrismaReads } from './prisma-reads.js';
import { isNumber, type PrismaValues } from './prisma-values.js';

type Data = Readonly<Record<string, unknown>>;

/** Random data of writes, nested to a depth. Null where no row of the tenant shows what data looks like. */
export class PrismaWrites {
  readonly #values: PrismaValues;

  constructor(readonly reads: PrismaReads) {
    this.#values = reads.values;
  }

  /** A new row after the example of one that is there, under fresh keys; foreign keys by their columns or by relations. */
  create(model: PrismaModel, depth: number, parent?: PrismaRelation): Arbitrary<Data> | null {
    const { random } = this.#values;
    const { own } = this.#values.rows(model.name);
    if (own.length === 0) return null;
    const holders = model.relations.filter((each) => holdsKey(each, model) && each.relation !== parent?.relation);
    const foreign = new Set(model.relations.flatMap(({ fields }) => fields));
    const unique = new Set(model.keys.flatMap(({ fields }) => fields));
    const plain = random.constantFrom(...own).chain((example) =>
      random
        .tuple(
          ...model.scalars
            .filter(({ name }) => !foreign.has(name) && name !== model.tenantField && example[name] != null)
            .map(({ name, type }) => {
              // A key that the database or Prisma makes is masked, but here it is given.
              const isFresh = unique.has(name) && type !== 'Boolean';
              const value = (isFresh && freshLike(random, example[name])) || random.constant(example[name]);
              return value.map((each) => [name, each] as const);
            }),
        )
        .map((all): Data => Object.fromEntries(all)),
    );
    const columns = this.#together(holders.map((each) => this.#values.foreignKey(model, each) ?? random.constant({})));
    const related =
      depth === 0
        ? null
        : this.#together(
            holders.map((each) => {
              const nested = this.nestedCreate(each, depth - 1);
              if (!nested) return random.constant({});
              const optional = random.option(nested, { nil: undefined, freq: each.isRequired ? 20 : 2 });
              return optional.map((value) => (value === undefined ? {} : { [each.name]: value }));
            }),
          );
    const backs = model.relations.filter(
      (each) => !holdsKey(each, model) && !isTenantAlone(each, model) && each.relation !== parent?.relation,
    );
    const nestedBacks =
      depth === 0 ? [] : backs.flatMap((each) => this.#named(each, this.nestedCreate(each, depth - 1)));
    const back: Arbitrary<Data> =
      nestedBacks.length === 0
        ? random.constant({})
        : random.oneof(
            { weight: 2, arbitrary: random.constant({}) },
            { weight: 1, arbitrary: random.oneof(...nestedBacks) },
          );
    const keys = related ? random.oneof(columns, related) : columns;
    return random
      .tuple(plain, keys, back, this.#values.tenantId(), random.integer({ min: 0, max: 14 }))
      .map(([own_, key, nested, tenantId, dice]) => ({
        ...own_,
        ...key,
        ...nested,
        ...(dice === 0 && model.tenantField !== null && !parent && { [model.tenantField]: tenantId }),
      }));
  }

  nestedCreate(relation: PrismaRelation, depth: number): Arbitrary<unknown> | null {
    const { random } = this.#values;
    const model = this.#values.model(relation.to);
    const where = this.#values.unique(model);
    const row = this.create(model, Math.max(0, depth), relation);
    const forms: Arbitrary<unknown>[] = [];
    if (row) forms.push(row.map((create) => ({ create })));
    if (where) forms.push(where.map((connect) => ({ connect })));
    if (where && relation.isList) {
      forms.push(random.array(where, { minLength: 1, maxLength: 2 }).map((connect) => ({ connect })));
    }
    if (row && where) {
      forms.push(random.tuple(where, row).map(([unique, create]) => ({ connectOrCreate: { where: unique, create } })));
    }
    const flat = this.create(model, 0, relation);
    if (flat && relation.isList && !relation.isManyToMany) {
      forms.push(flat.map((data) => ({ createMany: { data: [data] } })));
    }
    return forms.length > 0 ? random.oneof(...forms) : null;
  }

  /** One change: of a column, or through a relation. */
  update(model: PrismaModel, depth: number, parent?: PrismaRelation): Arbitrary<Data> | null {
    const { random } = this.#values;
    const foreign = new Set(model.relations.flatMap(({ fields }) => fields));
    const keys = new Set(model.keys.flatMap(({ fields }) => fields));
    const changes: { readonly weight: number; readonly arbitrary: Arbitrary<Data> }[] = [];
    for (const field of model.scalars) {
      const { name } = field;
      if (foreign.has(name) && name !== model.tenantField) continue;
      const value = this.#values.of(model, field);
      if (!value || field.isList || field.type === 'Json') continue;
      const set = value.map((each): Data => ({ [name]: each }));
      const weight = name === model.tenantField ? 1 : keys.has(name) ? 1 : 4;
      changes.push({ weight, arbitrary: set });
      if (isNumber(field) && !keys.has(name)) {
        changes.push({ weight: 1, arbitrary: random.constant({ [name]: { increment: 1 } }) });
      }
    }
    for (const relation of model.relations) {
      if (isTenantAlone(relation, model) || relation.relation === parent?.relation) continue;
      if (holdsKey(relation, model)) {
        const key = this.#values.foreignKey(model, relation);
        if (key) changes.push({ weight: 3, arbitrary: key as Arbitrary<Data> });
      }
      if (depth > 0) {
        for (const nested of this.#named(relation, this.nestedUpdate(relation, depth - 1))) {
          changes.push({ weight: 6, arbitrary: nested });
        }
      }
    }
    return changes.length > 0 ? random.oneof(...changes) : null;
  }

  nestedUpdate(relation: PrismaRelation, depth: number): Arbitrary<unknown> | null {
    const { random } = this.#values;
    const model = this.#values.model(relation.to);
    const where = this.#values.unique(model);
    const filter = this.reads.filter(model, 1);
    const data = this.update(model, depth, relation);
    const flat = this.update(model, 0, relation);
    const row = this.create(model, 0, relation);
    const created = this.nestedCreate(relation, depth);
    const forms: Arbitrary<unknown>[] = created ? [created] : [];
    if (relation.isList) {
      const scalars = this.reads.filter(model, 0);
      if (where) {
        const some = random.array(where, { minLength: 1, maxLength: 2 });
        forms.push(
          some.map((set) => ({ set })),
          some.map((disconnect) => ({ disconnect })),
          where.map((each) => ({ delete: each })),
        );
      }
      forms.push(scalars.map((deleteMany) => ({ deleteMany })));
      if (where && data) {
        forms.push(random.tuple(where, data).map(([unique, change]) => ({ update: { where: unique, data: change } })));
      }
      if (flat) {
        forms.push(
          random.tuple(scalars, flat).map(([each, change]) => ({ updateMany: { where: each, data: change } })),
        );
      }
      if (where && data && row) {
        forms.push(
          random
            .tuple(where, row, data)
            .map(([unique, create, update]) => ({ upsert: { where: unique, create, update } })),
        );
      }
    } else {
      if (!relation.isRequired) {
        forms.push(random.constant({ disconnect: true }), random.constant({ delete: true }));
        forms.push(filter.map((disconnect) => ({ disconnect })));
      }
      if (data) {
        forms.push(data.map((update) => ({ update })));
        forms.push(random.tuple(filter, data).map(([each, change]) => ({ update: { where: each, data: change } })));
      }
      if (row && data) forms.push(random.tuple(row, data).map(([create, update]) => ({ upsert: { create, update } })));
    }
    return forms.length > 0 ? random.oneof(...forms) : null;
  }

  #named({ name }: PrismaRelation, nested: Arbitrary<unknown> | null): Arbitrary<Data>[] {
    return nested ? [nested.map((value) => ({ [name]: value }))] : [];
  }

  #together(parts: readonly Arbitrary<object>[]): Arbitrary<Data> {
    return this.#values.random.tuple(...parts).map((all) => Object.assign({}, ...all) as Data);
  }
}

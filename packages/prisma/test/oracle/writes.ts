import fc from 'fast-check';
import type { SchemaField, SchemaModel } from '../../src/schema/schema.js';
import { defined, type Reads } from './reads.js';
import { keyOf } from './values.js';

/** Random data of writes, nested to a depth. */
export class Writes {
  constructor(readonly reads: Reads) {}

  /** A new row: foreign keys either by their columns or by relations, as Prisma takes them. */
  create(model: SchemaModel, depth: number, parent?: SchemaField): fc.Arbitrary<object> {
    const { reads } = this;
    const holders = reads.relations(model).filter((field) => this.#holds(field) && !this.#isInverse(field, parent));
    const backs = reads.relations(model).filter((field) => !this.#holds(field) && !this.#isInverse(field, parent));
    const keys = reads.relations(model).flatMap(({ relation }) => relation?.fields ?? []);
    const plain = reads
      .scalars(model)
      .filter(({ name }) => !keys.includes(name) && name !== keyOf(model) && name !== 'tenantId');
    const scalars = fc
      .tuple(...plain.map((field) => fc.tuple(fc.constant(field), reads.values.of(model, field), fc.boolean())))
      .map((all) =>
        Object.fromEntries(
          all.filter(([field, , set]) => field.isRequired || set).map(([{ name }, value]) => [name, value]),
        ),
      );
    const columns = fc
      .tuple(...holders.map((field) => this.#column(model, field)))
      .map((all) => Object.assign({}, ...all) as object);
    const related =
      depth === 0
        ? null
        : fc
            .tuple(
              ...holders.map((field) =>
                fc
                  .option(this.nestedCreate(field, depth - 1), { nil: undefined, freq: field.isRequired ? 20 : 2 })
                  .map((value) => ({ [field.name]: value })),
              ),
            )
            .map((all) => defined(Object.assign({}, ...all)));
    const others =
      depth === 0 || backs.length === 0
        ? fc.constant({})
        : fc.oneof(
            fc.constant({}),
            fc
              .constantFrom(...backs)
              .chain((field) => this.nestedCreate(field, depth - 1).map((value) => ({ [field.name]: value }))),
          );
    const tenant = fc
      .option(reads.values.tenantId(), { nil: undefined, freq: 2 })
      .map((tenantId) => (tenantId && !parent ? { tenantId } : {}));
    return fc
      .tuple(
        reads.values.newId(model),
        scalars,
        related ? fc.oneof(columns, related) : columns,
        others,
        tenant,
        fc.integer({ min: 0, max: 9 }),
      )
      .map(([id, own, foreign, back, stamped, dice]) => ({
        [keyOf(model)]: id,
        ...own,
        ...foreign,
        ...back,
        ...(dice === 0 && stamped),
      }));
  }

  #column(model: SchemaModel, { isRequired, relation }: SchemaField): fc.Arbitrary<object> {
    const name = relation?.fields.find((each) => each !== 'tenantId') as string;
    const field = model.fields.find((each) => each.name === name) as SchemaField;
    const value = this.reads.values.of(model, field).map((id) => ({ [name]: id }));
    return isRequired ? value : fc.oneof(fc.constant({}), value);
  }

  #holds({ relation }: SchemaField): boolean {
    return (relation?.fields.length ?? 0) > 0;
  }

  #isInverse({ relation }: SchemaField, parent?: SchemaField): boolean {
    return parent !== undefined && relation?.name === parent.relation?.name;
  }

  nestedCreate(field: SchemaField, depth: number): fc.Arbitrary<object> {
    const { reads } = this;
    const model = reads.model(field.type);
    const row = this.create(model, depth, field);
    const where = reads.unique(model, 0);
    const connectOrCreate = fc.tuple(where, row).map(([unique, create]) => ({ where: unique, create }));
    const many =
      field.isList && !this.#isManyToMany(field)
        ? [
            fc
              .array(this.create(model, 0, field), { minLength: 1, maxLength: 2 })
              .map((data) => ({ createMany: { data } })),
          ]
        : [];
    return fc.oneof(
      row.map((create) => ({ create })),
      where.map((connect) => ({ connect })),
      (field.isList ? fc.array(where, { maxLength: 2 }) : where).map((connect) => ({ connect })),
      connectOrCreate.map((each) => ({ connectOrCreate: each })),
      ...many,
    );
  }

  #isManyToMany(field: SchemaField): boolean {
    return (
      field.isList &&
      this.reads
        .model(field.type)
        .fields.some(
          (other) =>
            other.isList && other.relation?.name === field.relation?.name && !this.#holds(other) && other !== field,
        )
    );
  }

  update(model: SchemaModel, depth: number, parent?: SchemaField): fc.Arbitrary<object> {
    const { reads } = this;
    const keys = reads.relations(model).flatMap(({ relation }) => relation?.fields ?? []);
    const inherited =
      parent === undefined
        ? []
        : reads
            .relations(model)
            .filter((field) => this.#isInverse(field, parent))
            .flatMap(({ relation }) => relation?.fields ?? []);
    const column = (fields: readonly SchemaField[]) =>
      fc.constantFrom(...fields).chain((field) => {
        const value = field.name === keyOf(model) ? reads.values.newId(model) : reads.values.of(model, field);
        const set = value.map((each): unknown => ({ set: each }));
        const add = field.type === 'Int' ? [fc.constant({ increment: 1 })] : [];
        return fc.oneof(value, set, ...add).map((each) => ({ [field.name]: each }));
      });
    const common = reads
      .scalars(model)
      .filter(({ name }) => !keys.includes(name) && name !== keyOf(model) && name !== 'tenantId');
    const rare = reads.scalars(model).filter(({ name }) => !inherited.includes(name));
    const relations = reads.relations(model).filter((field) => !this.#isInverse(field, parent));
    return fc.oneof(
      { weight: 3, arbitrary: column(common) },
      { weight: 2, arbitrary: column(rare) },
      ...(depth === 0 || relations.length === 0
        ? []
        : [
            {
              weight: 8,
              arbitrary: fc
                .constantFrom(...relations)
                .chain((field) => this.nestedUpdate(field, depth - 1).map((value) => ({ [field.name]: value }))),
            },
          ]),
    );
  }

  nestedUpdate(field: SchemaField, depth: number): fc.Arbitrary<object> {
    const { reads } = this;
    const model = reads.model(field.type);
    const where = reads.unique(model, 0);
    const filter = reads.filter(model, 1);
    const scalarFilter = reads.filter(model, 0);
    const data = this.update(model, depth, field);
    const row = this.create(model, depth, field);
    const flat = this.update(model, 0, field);
    if (field.isList) {
      return fc.oneof(
        this.nestedCreate(field, depth),
        fc.array(where, { maxLength: 2 }).map((set) => ({ set })),
        fc.array(where, { minLength: 1, maxLength: 2 }).map((disconnect) => ({ disconnect })),
        where.map((each) => ({ delete: each })),
        scalarFilter.map((deleteMany) => ({ deleteMany })),
        fc.tuple(where, data).map(([unique, change]) => ({ update: { where: unique, data: change } })),
        fc.tuple(scalarFilter, flat).map(([each, change]) => ({ updateMany: { where: each, data: change } })),
        fc.tuple(where, row, data).map(([unique, create, update]) => ({ upsert: { where: unique, create, update } })),
      );
    }
    return fc.oneof(
      this.nestedCreate(field, depth),
      ...(field.isRequired
        ? []
        : [
            fc.constant({ disconnect: true }),
            filter.map((disconnect) => ({ disconnect })),
            fc.constant({ delete: true }),
            filter.map((each) => ({ delete: each })),
          ]),
      data.map((update) => ({ update })),
      fc.tuple(filter, data).map(([each, change]) => ({ update: { where: each, data: change } })),
      fc.tuple(row, data).map(([create, update]) => ({ upsert: { create, update } })),
      fc.tuple(filter, row, data).map(([each, create, update]) => ({ upsert: { where: each, create, update } })),
    );
  }
}

import type { Tenant } from '@tenancy/core';
import fc from 'fast-check';
import type { Schema } from '../../src/schema/schema.js';
import { defined, Reads } from './reads.js';
import { keyOf, valuesOf } from './values.js';
import { Writes } from './writes.js';

/** One call of a client, as both sides make it. */
export interface Operation {
  readonly model: string;
  readonly operation: string;
  readonly args: object;
  /** The fluent API goes on through these. */
  readonly path: readonly string[];
}

/** One operation, or several in a transaction of either form. */
export interface Work {
  readonly tenant: Tenant;
  readonly transaction: 'none' | 'array' | 'callback';
  readonly operations: readonly Operation[];
}

/** Random work of a tenant over a schema. */
export function randomWork(schema: Schema, actors: readonly Tenant[]): fc.Arbitrary<Work> {
  return fc.constantFrom(...actors).chain((tenant) => {
    const one = operationOf(schema, tenant);
    return fc.oneof(
      {
        weight: 8,
        arbitrary: one.map((operation): Work => ({ tenant, transaction: 'none', operations: [operation] })),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('array', 'callback'), fc.array(one, { minLength: 2, maxLength: 3 }))
          .map(([transaction, operations]): Work => ({ tenant, transaction, operations })),
      },
    );
  });
}

function operationOf(schema: Schema, tenant: Tenant): fc.Arbitrary<Operation> {
  const reads = new Reads(schema, valuesOf(tenant));
  const writes = new Writes(reads);
  return fc.constantFrom(...schema.models.values()).chain((model) => {
    const filter = reads.filter(model, 3);
    const unique = reads.unique(model, 1);
    const result = reads.result(model, 3);
    const page = reads.page(model, 3);
    const scalars = reads.scalars(model);
    const columns = fc.subarray(
      scalars.map(({ name }) => name),
      { minLength: 1 },
    );
    const aggregates = fc.constantFrom(
      { _count: true },
      { _count: { _all: true }, _max: { [keyOf(model)]: true } },
      { _min: { [keyOf(model)]: true } },
    );
    const args: Record<string, fc.Arbitrary<object>> = {
      findMany: fc.tuple(page, result).map(merged),
      findFirst: fc.tuple(page, result).map(merged).map(first),
      findFirstOrThrow: fc.tuple(page, result).map(merged).map(first),
      findUnique: fc.tuple(unique, result).map(([where, rest]) => ({ where, ...rest })),
      findUniqueOrThrow: fc.tuple(unique, result).map(([where, rest]) => ({ where, ...rest })),
      count: fc
        .tuple(filter, fc.option(columns, { nil: undefined }))
        .map(([where, names]) =>
          defined({ where, select: names && { _all: true, ...Object.fromEntries(names.map((name) => [name, true])) } }),
        ),
      aggregate: fc
        .tuple(page, aggregates)
        .map(([{ distinct: _, ...rest }, asked]: [{ distinct?: unknown }, object]) => ({ ...rest, ...asked })),
      groupBy: fc.tuple(filter, fc.constantFrom(...scalars), aggregates).map(([where, { name }, asked]) => ({
        by: [name],
        where,
        orderBy: { [name]: 'asc' },
        having: { [name]: { not: 'x' } },
        ...asked,
      })),
      create: fc.tuple(writes.create(model, 3), result).map(([data, rest]) => ({ data, ...rest })),
      createMany: fc.array(writes.create(model, 0), { minLength: 1, maxLength: 3 }).map((data) => ({ data })),
      createManyAndReturn: fc.array(writes.create(model, 0), { minLength: 1, maxLength: 3 }).map((data) => ({ data })),
      update: fc
        .tuple(unique, writes.update(model, 3), result)
        .map(([where, data, rest]) => ({ where, data, ...rest })),
      updateMany: fc.tuple(filter, writes.update(model, 0)).map(([where, data]) => ({ where, data })),
      updateManyAndReturn: fc.tuple(filter, writes.update(model, 0)).map(([where, data]) => ({ where, data })),
      upsert: fc
        .tuple(unique, writes.create(model, 2), writes.update(model, 2), result)
        .map(([where, create, update, rest]) => ({ where, create, update, ...rest })),
      delete: fc.tuple(unique, result).map(([where, rest]) => ({ where, ...rest })),
      deleteMany: filter.map((where) => ({ where })),
    };
    return fc.constantFrom(...Object.keys(args)).chain((operation) => {
      const random = args[operation] as fc.Arbitrary<object>;
      const relations = reads.relations(model);
      const plain = random.map((given): Operation => ({ model: model.name, operation, args: given, path: [] }));
      if (operation !== 'findUnique' || relations.length === 0) return plain;
      const fluent = fc
        .tuple(unique, fc.constantFrom(...relations.filter(({ isList }) => !isList), ...relations.slice(0, 1)))
        .map(([where, { name }]): Operation => ({ model: model.name, operation, args: { where }, path: [name] }));
      return fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: fluent });
    });
  });
}

const merged = ([page, result]: [object, object]): object => ({ ...page, ...result });

/** `findFirst` takes one, from either end. */
function first({ take, ...rest }: { readonly take?: number }): object {
  return take === undefined ? rest : { ...rest, take: take < 0 ? -1 : 1 };
}

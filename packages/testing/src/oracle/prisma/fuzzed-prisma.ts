import type { Tenant } from '@tenancy/core';
import type { Arbitrary } from 'fast-check';
import { code } from '../fuzzed/code.js';
import type { FuzzedClient, KnownModels, Operation, Random } from '../fuzzed/fuzzed-client.js';
import type { FuzzedPrismaSchema } from '../fuzzed/fuzzed-schema.js';
import { misuse } from '../fuzzed/isolation-fuzz-error.js';
import { type PrismaModel, prismaModels } from './prisma-model.js';
import { PrismaReads } from './prisma-reads.js';
import { defined, isComparable, PrismaValues } from './prisma-values.js';
import { PrismaWrites } from './prisma-writes.js';

type Delegate = Readonly<Record<string, (args: unknown) => PromiseLike<unknown>>>;
type Call = {
  readonly property: string;
  readonly method: string;
  readonly args: object;
  readonly path: readonly string[];
};

const DEPTH = 2;

/** A client of Prisma, known by its delegates and by what `tenancy-prisma` wrote of its schema. */
export class FuzzedPrisma implements FuzzedClient {
  readonly #models: ReadonlyMap<string, PrismaModel>;

  constructor(client: object, schema: FuzzedPrismaSchema | null, tenantFields: readonly string[]) {
    if (schema === null) {
      throw misuse('the option `schema` is missing. For Prisma, pass `tenancySchema`, which `tenancy-prisma` writes.');
    }
    this.#models = prismaModels(schema, tenantFields);
    for (const { name, property } of this.#models.values()) {
      const delegate = (client as Readonly<Record<string, Delegate | undefined>>)[property];
      if (typeof delegate?.['findMany'] !== 'function') {
        throw misuse(`the client has no model ${name}, which \`schema\` has. Pass the schema of this client.`);
      }
    }
  }

  get models(): readonly string[] {
    const all = [...this.#models.values()];
    return [
      ...all.filter(({ tenantField }) => tenantField !== null),
      ...all.filter(({ tenantField }) => !tenantField),
    ].map(({ name }) => name);
  }

  async rowsOf(client: object, name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { property, keys, scalars } = this.#models.get(name) as PrismaModel;
    const orderBy = (keys[0]?.fields ?? []).map((field) => ({ [field]: 'asc' }));
    const decimals = scalars.filter(({ type }) => type === 'Decimal').map((field) => field.name);
    const rows = (await delegateOf(client, property)['findMany']?.({ orderBy })) as Record<string, unknown>[];
    // As text a decimal can be printed, and is taken as well.
    return rows.map((row) => ({
      ...row,
      ...Object.fromEntries(decimals.flatMap((field) => (row[field] == null ? [] : [[field, String(row[field])]]))),
    }));
  }

  operations(random: Random, known: KnownModels, tenant: Tenant, tenants: readonly Tenant[]): Arbitrary<Operation> {
    const reads = new PrismaReads(new PrismaValues(random, this.#models, known, tenant, tenants));
    const writes = new PrismaWrites(reads);
    const operations = [...this.#models.values()].map((model) => ({
      weight: model.tenantField === null ? 1 : 3,
      arbitrary: random.oneof(...this.#reads(random, model, reads), ...this.#writes(random, model, reads, writes)),
    }));
    return random.oneof(...operations);
  }

  async perform(client: object, { given }: Operation): Promise<unknown> {
    const { property, method, args, path } = given as Call;
    // Its own copy, because what one side does to its arguments must not reach the other.
    let query = called(delegateOf(client, property), method, structuredClone(args));
    for (const relation of path) query = called(query as object, relation);
    return query;
  }

  print({ given }: Operation): string {
    const { property, method, args, path } = given as Call;
    return `prisma.${property}.${method}(${code(args, '  ')})${path.map((each) => `.${each}()`).join('')}`;
  }

  #reads(random: Random, model: PrismaModel, reads: PrismaReads): Weighted[] {
    const filter = reads.filter(model, DEPTH);
    const page = reads.page(model, DEPTH);
    const result = reads.result(model, DEPTH);
    const unique = reads.unique(model, 1);
    const functions = reads.functions(model);
    const comparable = model.scalars.filter(isComparable).map(({ name }) => name);
    const many = random.tuple(page, result).map(([from, rest]) => ({ ...from, ...rest }));
    const first = many.map((args) => defined({ ...args, take: undefined }));
    const read = (method: string, args: Arbitrary<object>, weight = 2, path: readonly string[] = []) => ({
      weight,
      arbitrary: args.map((each) => operation(model, method, each, { path })),
    });
    const grouped = random.tuple(random.constantFrom(...comparable), filter, functions).map(([name, where, asked]) => ({
      by: [name],
      where,
      orderBy: { [name]: 'asc' },
      ...asked,
    }));
    return [
      read('findMany', many, 4),
      read('findFirst', first),
      read('findFirstOrThrow', first, 1),
      read(
        'count',
        filter.map((where) => ({ where })),
      ),
      read(
        'aggregate',
        random.tuple(page, functions).map(([from, asked]) => ({ ...from, ...asked })),
      ),
      read('groupBy', grouped),
      ...(unique
        ? [
            read(
              'findUnique',
              random.tuple(unique, result).map(([where, rest]) => ({ where, ...rest })),
              3,
            ),
            read(
              'findUniqueOrThrow',
              random.tuple(unique, result).map(([where, rest]) => ({ where, ...rest })),
              1,
            ),
            ...model.relations.map(({ name }) =>
              read(
                'findUnique',
                unique.map((where) => ({ where })),
                1,
                [name],
              ),
            ),
          ]
        : []),
    ];
  }

  #writes(random: Random, model: PrismaModel, reads: PrismaReads, writes: PrismaWrites): Weighted[] {
    const filter = reads.filter(model, 1);
    const result = reads.result(model, 1);
    const unique = reads.unique(model, 1);
    const row = writes.create(model, DEPTH);
    const flat = writes.create(model, 0);
    const change = writes.update(model, DEPTH);
    const flatChange = writes.update(model, 0);
    const all: Weighted[] = [];
    const write = (method: string, args: Arbitrary<object>, weight = 2) => {
      all.push({ weight, arbitrary: args.map((each) => operation(model, method, each, { isWrite: true })) });
    };
    if (row)
      write(
        'create',
        random.tuple(row, result).map(([data, rest]) => ({ data, ...rest })),
        3,
      );
    if (flat) {
      const several = random.array(flat, { minLength: 1, maxLength: 2 }).map((data) => ({ data }));
      write('createMany', several, 1);
      write('createManyAndReturn', several, 1);
    }
    if (unique && change) {
      write(
        'update',
        random.tuple(unique, change, result).map(([where, data, rest]) => ({ where, data, ...rest })),
        4,
      );
    }
    if (flatChange) {
      const several = random.tuple(filter, flatChange).map(([where, data]) => ({ where, data }));
      write('updateMany', several);
      write('updateManyAndReturn', several, 1);
    }
    if (unique && row && change) {
      write(
        'upsert',
        random
          .tuple(unique, row, change, result)
          .map(([where, create, update, rest]) => ({ where, create, update, ...rest })),
      );
    }
    if (unique)
      write(
        'delete',
        random.tuple(unique, result).map(([where, rest]) => ({ where, ...rest })),
      );
    write(
      'deleteMany',
      filter.map((where) => ({ where })),
    );
    return all;
  }
}

type Weighted = { readonly weight: number; readonly arbitrary: Arbitrary<Operation> };

function operation(
  { property }: PrismaModel,
  method: string,
  args: object,
  { isWrite = false, path = [] }: { readonly isWrite?: boolean; readonly path?: readonly string[] },
): Operation {
  const isOrdered = !method.endsWith('AndReturn') && path.length === 0;
  const given: Call = { property, method, args, path };
  return { isWrite, isOrdered, name: `${property}.${method}`, given };
}

/** Calls a method; one that is not there must not pass for an answer, on both sides the same. */
function called(on: object, name: string, ...args: unknown[]): unknown {
  const { [name]: method } = on as Readonly<Record<string, unknown>>;
  if (typeof method !== 'function') throw new TypeError(`the client has no ${name}`);
  return Reflect.apply(method, on, args);
}

function delegateOf(client: object, property: string): Delegate {
  return (client as Readonly<Record<string, Delegate>>)[property] as Delegate;
}

import type { Args } from '../../../../test/oracle/arguments.js';
import { Dice } from '../../../../test/oracle/dice.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import type { Model } from '../../../../test/oracle/schema.js';
import { Reads } from './reads.js';
import { type ClientValues, type RelationField, Values } from './values.js';
import { type Operation, READS, type Work } from './work.js';
import { Writes } from './writes.js';

/** Random work over a schema; the same seed makes the same. */
export function randomWork(seed: number, given: RandomCase, client: ClientValues, takesSkip: boolean): Work {
  const dice = new Dice(seed);
  const isOdd = dice.chance(0.2);
  const values = new Values(dice, given, client, { isOdd, takesSkip });
  const together = dice.weighted([
    [16, 'one'],
    [1, 'array'],
    [1, 'callback'],
    [1, 'tick'],
  ] as const);
  const count = together === 'one' ? 1 : dice.between(2, 3);
  const operations = Array.from({ length: count }, () => operation(values, together === 'tick'));
  return { together, operations, namesOther: values.namesOther };
}

function operation(values: Values, isReadOnly: boolean): Operation {
  const { dice } = values;
  const { models } = values.schema;
  if (!isReadOnly && dice.chance(0.05)) {
    const rewired = rewiring(values);
    if (rewired) return rewired;
  }
  const writable = models.filter(({ ownership }) => ownership !== 'shared');
  const name = isReadOnly
    ? dice.weighted([
        [3, 'findUnique'],
        [1, 'findMany'],
        [1, 'count'],
      ] as const)
    : dice.weighted([
        [4, 'findMany'],
        [1, 'findFirst'],
        [1, 'findFirstOrThrow'],
        [2, 'findUnique'],
        [1, 'findUniqueOrThrow'],
        [1, 'count'],
        [1, 'aggregate'],
        [1, 'groupBy'],
        [6, 'create'],
        [2, 'createMany'],
        [1, 'createManyAndReturn'],
        [14, 'update'],
        [3, 'updateMany'],
        [1, 'updateManyAndReturn'],
        [5, 'upsert'],
        [3, 'delete'],
        [3, 'deleteMany'],
      ] as const);
  const isRead = READS.includes(name);
  const model = dice.pick(isRead || dice.chance(0.01) ? models : writable);
  const isOrdered = dice.chance(0.75) && !name.endsWith('AndReturn');
  const reads = new Reads(values, isOrdered);
  return {
    model: model.name,
    operation: name,
    args: argumentsOf(name, model, reads),
    path: [],
    // Odd work may have lost the order of a list.
    isOrdered: isOrdered && !values.settings.isOdd,
    ...(name === 'findUnique' && dice.chance(0.15) && fluent(model, reads)),
  };
}

/**
 * A row that is connected to another one, and nothing beside that which could be refused in its place: mostly by a foreign key that is
 * a part of another, which then names another row as well.
 */
function rewiring(values: Values): Operation | null {
  const { dice, schema } = values;
  const holders = schema.models
    .filter(({ ownership }) => ownership === 'tenant')
    .flatMap((model) => values.relations(model))
    .filter(({ kind, relation }) => kind === 'holder' && relation?.columns.join() !== schema.tenantField);
  const parts = holders.filter((field) => holders.some((other) => isPartOf(field, other)));
  const among = parts.length > 0 && dice.chance(0.8) ? parts : holders;
  if (among.length === 0) return null;
  const field = dice.pick(among);
  const connect = values.key(field.to, values.row(field.to));
  return {
    model: field.model.name,
    operation: 'update',
    args: { where: values.key(field.model, values.row(field.model)), data: { [field.name]: { connect } } },
    path: [],
    isOrdered: false,
  };
}

function isPartOf({ model, relation }: RelationField, other: RelationField): boolean {
  const [part = [], whole = []] = [relation?.columns, other.relation?.columns];
  return other.model === model && whole.length > part.length && part.every((column) => whole.includes(column));
}

function fluent(model: Model, reads: Reads): Partial<Operation> {
  const { dice, values } = reads;
  const relations = values.relations(model);
  if (relations.length === 0) return {};
  return { args: { where: reads.unique(model) }, path: [dice.pick(relations).name], isOrdered: false };
}

function argumentsOf(name: string, model: Model, reads: Reads): Args {
  const { dice, values } = reads;
  const writes = new Writes(reads);
  const row = values.row(model);
  const filter = () => (dice.chance(0.9) ? { where: values.odd(reads.filter(model, 3)) } : {});
  const result = () => reads.result(model, 2);
  switch (name) {
    case 'findMany':
      return { ...reads.page(model, 3), ...reads.result(model, 3) };
    case 'findFirst':
    case 'findFirstOrThrow': {
      const { take: _, ...page } = new Reads(values, true).page(model, 3);
      return { ...page, ...reads.result(model, 3) };
    }
    case 'findUnique':
    case 'findUniqueOrThrow':
      return { where: reads.unique(model, row), ...reads.result(model, 3) };
    case 'count':
      return {
        ...filter(),
        ...(dice.chance(0.3) && {
          select: {
            _all: true,
            ...Object.fromEntries(dice.some(model.fields, 1, 2).map((field) => [field.name, values.odd(true)])),
          },
        }),
      };
    case 'aggregate': {
      const { distinct: _, ...page } = new Reads(values, true).page(model, 3);
      return { ...page, ...reads.aggregates(model) };
    }
    case 'groupBy':
      return reads.groups(model);
    case 'create':
      return { data: writes.create(model, 2), ...result() };
    case 'createMany':
    case 'createManyAndReturn':
      return { data: values.odd(values.oneOrMany(() => writes.create(model, 0))) };
    case 'update':
      return { where: reads.unique(model, row), data: writes.update(model, 2, row), ...result() };
    case 'updateMany':
    case 'updateManyAndReturn':
      return { ...filter(), data: writes.update(model, 0, null) };
    case 'upsert':
      return {
        where: reads.unique(model, row),
        create: writes.create(model, 2),
        update: writes.update(model, 2, row),
        ...result(),
      };
    case 'delete':
      return { where: reads.unique(model, row), ...result() };
    case 'deleteMany':
      return filter();
    default:
      throw new Error(`no arguments of ${name}`);
  }
}

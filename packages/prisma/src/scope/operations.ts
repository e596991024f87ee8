import { aggregated, columnNames, having } from './aggregates.js';
import type { Rule } from './call.js';
import { asGiven } from './column-value.js';
import { createData, createManyData, upsertedData } from './create-data.js';
import { cursor } from './cursor.js';
import { orderBy, orderGroupsBy } from './order.js';
import { omitted, selection } from './selection.js';
import { uniqueWhere } from './unique-where.js';
import { updateData } from './update-data.js';
import { where } from './where.js';

export interface Operation {
  readonly kind: 'read' | 'create' | 'update' | 'delete';
  /** True when it returns one row, from which the fluent API goes on. */
  readonly isOne: boolean;
  /** True when Prisma gathers its calls of one tick into one query. */
  readonly isGathered?: true;
  /** Every argument this operation may have. One that is not here is refused (P23). */
  readonly rules: Readonly<Record<string, Rule>>;
}

const result = { select: selection, omit: omitted, include: selection, relationLoadStrategy: asGiven };
const page = { orderBy, cursor, take: asGiven, skip: asGiven };
const aggregates = { _count: aggregated, _avg: aggregated, _sum: aggregated, _min: aggregated, _max: aggregated };

const findOne: Operation = { kind: 'read', isOne: true, isGathered: true, rules: { where: uniqueWhere, ...result } };
const find: Operation = { kind: 'read', isOne: false, rules: { where, ...page, distinct: columnNames, ...result } };
const findFirst: Operation = { ...find, isOne: true };
const many = { isOne: false } as const;

/** Every operation that is scoped. What a later Prisma adds is refused until it stands here. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    findUnique: findOne,
    findUniqueOrThrow: findOne,
    findFirst,
    findFirstOrThrow: findFirst,
    findMany: find,
    count: { kind: 'read', ...many, rules: { where, ...page, select: aggregated } },
    aggregate: { kind: 'read', ...many, rules: { where, ...page, ...aggregates } },
    groupBy: {
      kind: 'read',
      ...many,
      rules: { where, by: columnNames, having, orderBy: orderGroupsBy, take: asGiven, skip: asGiven, ...aggregates },
    },
    create: { kind: 'create', isOne: true, rules: { data: createData, ...result } },
    createMany: { kind: 'create', ...many, rules: { data: createManyData, skipDuplicates: asGiven } },
    createManyAndReturn: {
      kind: 'create',
      ...many,
      rules: { data: createManyData, skipDuplicates: asGiven, ...result },
    },
    update: { kind: 'update', isOne: true, rules: { where: uniqueWhere, data: updateData, ...result } },
    updateMany: { kind: 'update', ...many, rules: { where, data: updateData, limit: asGiven } },
    updateManyAndReturn: { kind: 'update', ...many, rules: { where, data: updateData, limit: asGiven, ...result } },
    upsert: {
      kind: 'update',
      isOne: true,
      rules: { where: uniqueWhere, create: upsertedData, update: updateData, ...result },
    },
    delete: { kind: 'delete', isOne: true, rules: { where: uniqueWhere, ...result } },
    deleteMany: { kind: 'delete', ...many, rules: { where, limit: asGiven } },
  } satisfies Record<string, Operation>),
);

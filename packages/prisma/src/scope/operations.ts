import { asGiven, type Rule } from './call.js';
import { createData, createManyData, updateData } from './data.js';
import { having, orderBy, orderGroupsBy } from './order.js';
import { aggregated, columnNames, columns, include } from './selection.js';
import { cursor, uniqueWhere } from './unique-where.js';
import { where } from './where.js';

export interface Operation {
  readonly kind: 'read' | 'write';
  /** Every argument this operation may have. One that is not here is refused (P23). */
  readonly rules: Readonly<Record<string, Rule>>;
}

const selection = { select: columns, omit: columns, include };
const page = { orderBy, cursor, take: asGiven, skip: asGiven };
const aggregates = { _count: aggregated, _avg: aggregated, _sum: aggregated, _min: aggregated, _max: aggregated };

const findOne: Operation = { kind: 'read', rules: { where: uniqueWhere, ...selection } };
const find: Operation = { kind: 'read', rules: { where, ...page, distinct: columnNames, ...selection } };

/** Every operation that is scoped. What a later Prisma adds is refused until it stands here. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    findUnique: findOne,
    findUniqueOrThrow: findOne,
    findFirst: find,
    findFirstOrThrow: find,
    findMany: find,
    count: { kind: 'read', rules: { where, ...page, select: aggregated } },
    aggregate: { kind: 'read', rules: { where, ...page, ...aggregates } },
    groupBy: {
      kind: 'read',
      rules: { where, by: columnNames, having, orderBy: orderGroupsBy, take: asGiven, skip: asGiven, ...aggregates },
    },
    create: { kind: 'write', rules: { data: createData, ...selection } },
    createMany: { kind: 'write', rules: { data: createManyData, skipDuplicates: asGiven } },
    createManyAndReturn: { kind: 'write', rules: { data: createManyData, skipDuplicates: asGiven, ...selection } },
    update: { kind: 'write', rules: { where: uniqueWhere, data: updateData, ...selection } },
    updateMany: { kind: 'write', rules: { where, data: updateData, limit: asGiven } },
    updateManyAndReturn: { kind: 'write', rules: { where, data: updateData, limit: asGiven, ...selection } },
    upsert: { kind: 'write', rules: { where: uniqueWhere, create: createData, update: updateData, ...selection } },
    delete: { kind: 'write', rules: { where: uniqueWhere, ...selection } },
    deleteMany: { kind: 'write', rules: { where, limit: asGiven } },
  } satisfies Record<string, Operation>),
);

import { type Arguments, all, at, byId, type Case, first, id, office, renamed, select, type Verdict } from './case.js';

/** Each operation as it is called, and with what else each argument may be given. */
const OPERATIONS: Readonly<Record<string, Arguments>> = {
  findUnique: (s) => ({ where: first(s) }),
  findUniqueOrThrow: (s) => ({ where: first(s) }),
  findFirst: () => ({ orderBy: { id: 'desc' } }),
  findFirstOrThrow: () => ({ orderBy: { id: 'desc' } }),
  findMany: () => ({ orderBy: { id: 'desc' } }),
  count: () => ({}),
  aggregate: () => ({ _count: true }),
  groupBy: () => ({ by: ['title'], orderBy: { title: 'asc' }, _count: true }),
  create: (s) => ({ data: { ...id(9)(s), office: { connect: office(s) } } }),
  createMany: (s) => ({ data: [id(8)(s), id(9)(s)] }),
  createManyAndReturn: (s) => ({ data: [id(8)(s), id(9)(s)] }),
  update: (s) => ({ where: first(s), data: renamed }),
  updateMany: (s) => ({ where: all(s), data: renamed }),
  updateManyAndReturn: (s) => ({ where: all(s), data: renamed }),
  upsert: (s) => ({ where: first(s), create: id(1)(s), update: renamed }),
  delete: (s) => ({ where: id(3)(s) }),
  deleteMany: (s) => ({ where: { id: { in: [`${s}-job-2`, `${s}-job-3`] } } }),
};
const relations = { office: { select: { city: true } }, lead: true, led: { orderBy: byId }, skills: true, brief: true };
const toOne = { office: true, lead: true };
const ARGUMENTS: Readonly<Record<string, readonly [Verdict, (operation: string) => unknown]>> = {
  where: ['rewritten', () => undefined],
  data: ['passes', () => undefined],
  create: ['rewritten', () => undefined],
  update: ['passes', () => undefined],
  by: ['passes', () => ['title', 'level']],
  orderBy: ['passes', (operation) => (operation === 'groupBy' ? { title: 'asc' } : [{ int: 'asc' }, { id: 'desc' }])],
  cursor: ['rewritten', () => first],
  take: ['passes', (operation) => (operation.startsWith('findFirst') ? 1 : operation === 'findMany' ? 2 : 5)],
  skip: ['passes', () => 1],
  limit: ['passes', () => 5],
  distinct: ['passes', () => ['title']],
  skipDuplicates: ['passes', () => true],
  relationLoadStrategy: ['passes', () => 'join'],
  omit: ['passes', () => ({ title: true })],
  select: [
    'rewritten',
    (operation) => (operation === 'count' ? { id: true, _all: true } : { id: true, ...toOne, ...many(operation) }),
  ],
  include: ['rewritten', (operation) => ({ ...toOne, ...many(operation) })],
  having: ['passes', () => ({ title: 'job' })],
  _count: ['passes', () => ({ _all: true, intMay: true })],
  _sum: ['passes', () => ({ int: true })],
  _avg: ['passes', () => ({ int: true })],
  _min: ['passes', () => ({ id: true })],
  _max: ['passes', () => ({ id: true })],
};
const many = (operation: string) => (operation.endsWith('AndReturn') ? {} : relations);

/** `findMany.take` and the like. What an operation is called with has each of its arguments that it needs. */
export function argumentCase(name: string): Case | undefined {
  const [operation = '', argument = ''] = name.split('.');
  const base = OPERATIONS[operation];
  const [is, value] = ARGUMENTS[argument] ?? [];
  if (!base || !is || !value) return undefined;
  const verdict = name === 'count.select' ? 'passes' : /^create.*data$/.test(name) ? 'rewritten' : is;
  return at(verdict, 'job', operation, (s) => {
    const given = value(operation);
    const more = given === undefined ? {} : { [argument]: typeof given === 'function' ? given(s) : given };
    const ordered = argument === 'take' || argument === 'skip' || argument === 'cursor' ? orderOf(operation) : {};
    const loaded = argument === 'relationLoadStrategy' ? { include: relations } : {};
    return { ...base(s), ...ordered, ...loaded, ...more };
  });
}
const orderOf = (operation: string) =>
  operation === 'groupBy' ? { by: ['id'], orderBy: { id: 'desc' } } : { orderBy: { id: 'desc' } };

/** Keys that may stand in a selection. */
export const selectionCases: Readonly<Record<string, Case>> = {
  'select._count': select('rewritten', { id: true, _count: true }),
  'include._count': at('rewritten', 'job', 'findMany', () => ({
    include: { _count: { select: { led: true } } },
    orderBy: byId,
  })),
  '_count._all': at('passes', 'job', 'aggregate', () => ({ _count: { _all: true } })),
  'selected counts.select': select('rewritten', {
    id: true,
    _count: { select: { led: true, skills: true, visits: true } },
  }),
  'selected count.where': select('rewritten', { id: true, _count: { select: { led: { where: { title: 'job' } } } } }),
  'selected list.where': select('rewritten', { id: true, led: { where: { title: 'job' } } }),
  'selected list.orderBy': select('passes', { id: true, led: { orderBy: { id: 'desc' } } }),
  'selected list.cursor': at('rewritten', 'job', 'findMany', (s) => ({
    select: { id: true, led: { cursor: id(2)(s), orderBy: byId } },
    orderBy: byId,
  })),
  'selected list.take': select('passes', { id: true, led: { take: 1, orderBy: byId } }),
  'selected list.skip': select('passes', { id: true, led: { skip: 1, orderBy: byId } }),
  'selected list.distinct': select('passes', { id: true, led: { distinct: ['title'], orderBy: byId } }),
  'selected list.select': select('passes', { id: true, led: { select: { id: true } } }),
  'selected list.include': select('rewritten', { id: true, led: { include: { skills: true } } }),
  'selected list.omit': select('passes', { id: true, led: { omit: { title: true } } }),
  'selected one.where': select('rewritten', { id: true, lead: { where: { title: 'job' } } }),
  'selected one.select': select('passes', { id: true, lead: { select: { id: true } } }),
  'selected one.include': select('rewritten', { id: true, lead: { include: { led: true } } }),
  'selected one.omit': select('passes', { id: true, lead: { omit: { title: true } } }),
  'selected required one.select': at('rewritten', 'visit', 'findMany', () => ({
    select: { job: { select: { id: true } } },
  })),
  'selected required one.include': at('rewritten', 'visit', 'findMany', () => ({
    include: { job: { include: { led: true } } },
  })),
  'selected required one.omit': at('rewritten', 'visit', 'findMany', () => ({
    include: { job: { omit: { tenantId: true } } },
  })),
};

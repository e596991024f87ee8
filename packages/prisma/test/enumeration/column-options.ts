type Sample = (value: unknown) => unknown;

/** Each type of a column: what the rows of the tests have in it, as it is written in a call. */
export const SAMPLES: Readonly<Record<string, unknown>> = {
  String: 'job',
  Int: 1,
  BigInt: 1n,
  Float: 1,
  Decimal: 1,
  Bool: true,
  DateTime: new Date('2026-01-01'),
  Bytes: new Uint8Array([97]),
  EnumLevel: 'LOW',
  Json: { a: 1, b: [1], c: 'text' },
  Uuid: '00000000-0000-4000-8000-000000000000',
};

/** Of Json, what stands at a path. */
const compared: Sample = (value) => (value === SAMPLES['Json'] ? 1 : value);

/** Questions to every filter of a column. All of them pass as they are: they are about the row's own column. */
export const FILTERS: Readonly<Record<string, Sample>> = {
  equals: (value) => value,
  not: (value) => value,
  in: (value) => [value],
  notIn: (value) => [value],
  lt: compared,
  lte: compared,
  gt: compared,
  gte: compared,
  contains: () => 'o',
  startsWith: () => 'j',
  endsWith: () => 'b',
  search: () => 'job',
  path: () => ['a'],
  // PostgreSQL has no other case of an uuid.
  mode: (value) => (value === SAMPLES['Uuid'] ? 'default' : 'insensitive'),
  string_contains: () => 'e',
  string_starts_with: () => 't',
  string_ends_with: () => 't',
  array_contains: () => [1],
  array_starts_with: () => 1,
  array_ends_with: () => 1,
};
/** Company of a filter that asks nothing by itself. */
export const BESIDE: Readonly<Record<string, object>> = { mode: { equals: 'JOB' } };
export const JSON_BESIDE: Readonly<Record<string, object>> = {
  mode: { path: ['c'], string_contains: 'E' },
  path: { equals: 1 },
  lt: { path: ['a'] },
  lte: { path: ['a'] },
  gt: { path: ['a'] },
  gte: { path: ['a'] },
  string_contains: { path: ['c'] },
  string_starts_with: { path: ['c'] },
  string_ends_with: { path: ['c'] },
  array_contains: { path: ['b'] },
  array_starts_with: { path: ['b'] },
  array_ends_with: { path: ['b'] },
};
export const LIST_FILTERS: Readonly<Record<string, Sample>> = {
  equals: (value) => [value],
  has: (value) => value,
  hasEvery: (value) => [value],
  hasSome: (value) => [value],
  isEmpty: () => false,
};
/** Of what a `having` works out of a column. */
export const AGGREGATES: Readonly<Record<string, Sample>> = {
  _count: () => ({ gte: 1 }),
  _sum: () => ({ gte: 1 }),
  _avg: () => ({ gte: 0 }),
  _min: (value) => ({ equals: value }),
  _max: (value) => ({ equals: value }),
};
export const CHANGES: Readonly<Record<string, Sample>> = {
  set: (value) => value,
  increment: () => 1,
  decrement: () => 1,
  multiply: () => 2,
  divide: () => 2,
};

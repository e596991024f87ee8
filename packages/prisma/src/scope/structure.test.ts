import { afterEach, expect, it } from 'vitest';
import { namesOf, structure } from './structure.js';

const polluted = Object.prototype as { tenantId?: unknown };
afterEach(() => {
  delete polluted.tenantId;
});

it('P3: a polluted prototype adds nothing to rebuilt arguments, nor does a key named __proto__', () => {
  const where = structure([['id', 1], ...Object.entries(JSON.parse('{ "__proto__": { "OR": [] } }') as object)]);
  polluted.tenantId = 't_globex';
  const seen: string[] = [];
  // As Prisma reads them.
  for (const key in where) seen.push(key);
  expect(seen).toEqual(['id', '__proto__']);
  expect(where['OR']).toBeUndefined();
});

it('a key that is inherited counts, also one that every object has, and one that was put on every object does not', () => {
  polluted.tenantId = 't_globex';
  expect(namesOf(Object.create({ toString: null, id: 1 }))).toEqual(['toString', 'id']);
});

import { afterEach, expect, it } from 'vitest';
import { structure } from './structure.js';

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

import { isDeepStrictEqual } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { isTenantScopeError } from '../../src/index.js';
import { classify } from '../../src/schema/classify.js';
import { schemaOf } from '../../src/schema/schema-of.js';
import { operations } from '../../src/scope/operations.js';
import { scopeArguments } from '../../src/scope/scope-arguments.js';
import type { Case } from './case.js';
import { PrismaClient } from './generated/client.js';
import { acme } from './options-database.js';

// For its schema alone: nothing listens there.
const client = new PrismaClient({ adapter: new PrismaPg('postgres://127.0.0.1:1/none') });
const models = classify(schemaOf(client, undefined), {
  tenantField: 'tenantId',
  shared: ['Country'],
  writable: ['Country'],
  isSeparate: false,
  isOmitted: () => false,
});

/** The scope's verdict over a call's arguments. */
function scopedArguments({ model, operation, args }: Case, slug: string): object {
  const of = models.find(({ property }) => property === model);
  const rules = operations.get(operation);
  if (!of || !rules) throw new Error(`no ${model}.${operation}`);
  const site = {
    model: of,
    operation,
    tenantId: acme.id,
    hasFloor: false,
    computed: new Set<string>(),
    forbidsUndefined: false,
  };
  return scopeArguments(args(slug), site, rules).args;
}

/** The verdict over what stands behind the name: over the whole call where the name is no word of it. */
export function verdictOf(name: string, given: Case): string {
  if (isRefused(given)) return 'refused';
  const args = given.args('acme');
  const [of = '', key = ''] = name.split('.');
  const path = operations.has(of) ? [key] : pathTo(key, args);
  if (!path) return given.is;
  return isDeepStrictEqual(plain(partAt(path, args)), plain(partAt(path, scopedArguments(given, 'acme'))))
    ? 'passes'
    : 'rewritten';
}

export function isRefused(given: Case): boolean {
  try {
    scopedArguments(given, 'acme');
    return false;
  } catch (error) {
    if (!isTenantScopeError(error)) throw error;
    return true;
  }
}

function pathTo(key: string, value: unknown): readonly string[] | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, entry] of Object.entries(value)) {
    const below = pathTo(key, entry);
    if (below) return [name, ...below];
  }
  return Object.hasOwn(value, key) ? [key] : null;
}

function partAt(path: readonly string[], value: unknown): unknown {
  return path.reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], value);
}

/** Without what makes no difference: the scope's objects have no prototype. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'null');

/** The same arguments with something unknown beside every key and in the place of every value. What a Json column holds is its own. */
export function* variants(value: unknown, later: object, path = ''): Generator<readonly [string, object]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const [below, other] of variants(item, later, `${path}.${index}`)) yield [below, value.with(index, other)];
    }
  } else if (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  ) {
    yield [`${path}.later`, { ...value, ...later }];
    for (const [key, entry] of Object.entries(value)) {
      if (/^json/.test(key)) continue;
      for (const [below, other] of variants(entry, later, `${path}.${key}`)) yield [below, { ...value, [key]: other }];
    }
  } else yield [path, later];
}

import { isDeepStrictEqual } from 'node:util';
import type { Tenant } from '@tenancy/core';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { afterAll, describe, expect, it } from 'vitest';
import { isTenantScopeError } from '../../src/index.js';
import { isMariadbThere, MARIADB_MISSING } from '../database/mariadb.js';
import { openSides, type Rows, SETTINGS, type Setting, type Sides, tenants } from './databases.js';
import { type Operation, perform, randomOperation } from './operations.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124);
const OPERATIONS = Number(process.env['FUZZ_OPERATIONS'] ?? 250);

/** Work that is refused too often proves nothing. */
const ANSWERED = 0.5;

interface Work {
  readonly tenant: Tenant;
  readonly inTransaction: boolean;
  readonly operations: readonly Operation[];
}

type Verdict = 'same answer' | 'same error' | 'both refused' | 'refused by the scope' | 'refused by the database';

const randomWork: fc.Arbitrary<Work> = fc.constantFrom(...tenants).chain((tenant) => {
  const slugs = [tenant.slug, ...tenants.map(({ slug }) => slug).filter((slug) => slug !== tenant.slug)];
  const operation = randomOperation(slugs);
  return fc.oneof(
    { weight: 6, arbitrary: operation.map((one) => ({ tenant, inTransaction: false, operations: [one] })) },
    {
      weight: 1,
      arbitrary: fc
        .array(operation, { minLength: 2, maxLength: 3 })
        .map((operations) => ({ tenant, inTransaction: true, operations })),
    },
  );
});

const missing = (setting: Setting) => (setting === 'MariaDB' && !isMariadbThere ? MARIADB_MISSING : null);
const titled = SETTINGS.map((setting) => ({ setting, title: [setting, missing(setting) ?? []].flat().join(', ') }));

describe.for(titled)('$title', { timeout: 3_600_000 }, ({ setting }) => {
  let sides: Sides | undefined;
  afterAll(() => sides?.stop());

  it.skipIf(missing(setting))(
    "answers as a database of the tenant alone, or refuses; and leaves the others' rows as they are",
    async () => {
      const opened = (sides ??= await openSides(setting));
      const verdicts = new Map<Verdict, number>();
      await fc.assert(
        fc.asyncProperty(randomWork, async (work) => {
          const verdict = await compare(opened, work);
          verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
        }),
        { seed: SEED, numRuns: OPERATIONS, reporter: reported },
      );
      if (process.env['FUZZ_OPERATIONS']) console.log(`${setting}, seed ${SEED}:`, Object.fromEntries(verdicts));
      expect((verdicts.get('same answer') ?? 0) / OPERATIONS).toBeGreaterThan(ANSWERED);
    },
  );
});

type Outcome = { readonly answer: unknown } | { readonly error: Error & { readonly code?: unknown } };

async function compare(sides: Sides, work: Work): Promise<Verdict> {
  const { tenant, operations } = work;
  const alone = sides.alone.get(tenant.id);
  if (!alone) throw new Error('no such tenant');
  const changes = operations.some(({ isWrite }) => isWrite);
  const before = changes ? await sides.shared.rows() : null;
  const one = await sides.context.run(tenant, () => run(sides.scoped, work));
  const other = await run(alone.source, work);
  const same = (a: unknown, b: unknown, what: string) => {
    if (!isDeepStrictEqual(a, b))
      throw new Error(`${what}\nscoped: ${JSON.stringify(a)}\nalone:  ${JSON.stringify(b)}`);
  };
  try {
    const after = changes ? await sides.shared.rows() : null;
    if (before && after) same(part(after, tenant, false), part(before, tenant, false), "the others' rows changed");
    if ('answer' in one && 'answer' in other) {
      same(one.answer, other.answer, 'another answer');
      if (after)
        same(part(after, tenant, true), part(await alone.rows(), tenant, true), 'other rows of its own afterwards');
      return 'same answer';
    }
    if ('answer' in one)
      throw new Error(
        `answered what fails alone: ${String((other as { error: Error }).error)}\nscoped: ${JSON.stringify(one)}`,
      );
    if (before && after) same(part(after, tenant, true), part(before, tenant, true), 'refused, and changed rows');
    const isOurs = isTenantScopeError(one.error);
    if (!isOurs && one.error.name === 'TypeError') throw one.error;
    if ('answer' in other) return isOurs ? 'refused by the scope' : 'refused by the database';
    return isOurs || one.error.name !== other.error.name ? 'both refused' : 'same error';
  } finally {
    if (changes) await Promise.all([sides.shared.reset(), alone.reset()]);
  }
}

async function run(source: DataSource, { inTransaction, operations }: Work): Promise<Outcome> {
  try {
    if (!inTransaction) return { answer: plain(await perform(source, operations[0] as Operation)) };
    const answer = await source.transaction(async (manager) => {
      const answers: unknown[] = [];
      for (const each of operations) answers.push(plain(await perform(manager, each)));
      return answers;
    });
    return { answer };
  } catch (error) {
    return { error: error as Error };
  }
}

/** As data: when rows were deleted is another time in each database, and what hangs on a row has no order of its own. */
function plain(value: unknown, isNested = false): unknown {
  if (value instanceof Date) return 'a date';
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item, true));
    return isNested ? items.map((item) => JSON.stringify(item)).sort() : items;
  }
  if (typeof value !== 'object' || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(
    entries.map(([key, each]) => [key, plain(each, true)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}

function part(rows: Rows, { id, slug }: Tenant, own: boolean): unknown {
  const isOwn = (table: string, row: Readonly<Record<string, unknown>>) =>
    table === 'country' || (table === 'job_tag' ? String(row['jobId']).startsWith(`${slug}-`) : row['tenantId'] === id);
  return Object.entries(rows).map(([table, all]) =>
    all.filter((row) => isOwn(table, row) === own).map((row) => plain(row)),
  );
}

function reported(details: fc.RunDetails<[Work]>): void {
  if (!details.failed) return;
  const [work] = details.counterexample ?? [];
  throw new Error(
    `seed ${details.seed}, path ${JSON.stringify(details.counterexamplePath)}, after ${details.numRuns} operations.\n` +
      `The smallest that fails: ${JSON.stringify(work)}\n\n${String(details.errorInstance)}`,
  );
}

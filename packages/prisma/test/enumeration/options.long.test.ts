import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/scope/operations.js';
import { argumentCase, selectionCases } from './argument-options.js';
import type { Case } from './case.js';
import { columnCases } from './column-cases.js';
import { AGGREGATES, CHANGES, FILTERS, LIST_FILTERS } from './column-options.js';
import { argumentNames, inputNames } from './declared.js';
import { inputCases } from './input-options.js';
import { acme, type Client, globex, openSides, type Sides } from './options-database.js';
import { isRefused, variants, verdictOf } from './verdict.js';

/**
 * Walks what a call may have, as the installed Prisma declares it with every preview feature: every argument of every operation,
 * every key of every type of an argument. A name without a verdict fails; each verdict is shown on PostgreSQL.
 */
const UNDECIDED =
  'Prisma has a name that no table knows. Decide what the scope does with it (a rule in src/scope; until then it is refused), and ' +
  'give it a case in test/enumeration: argument-options.ts, input-options.ts or column-options.ts.';

/** Types whose keys `column-options.ts` has. */
const COLUMN_TABLES: Readonly<Record<string, readonly string[]>> = {
  Filter: Object.keys(FILTERS),
  ListFilter: Object.keys(LIST_FILTERS),
  WithAggregatesFilter: [...Object.keys(FILTERS), ...Object.keys(AGGREGATES)],
  FieldUpdateOperationsInput: Object.keys(CHANGES),
};
const ofColumns = Object.entries(COLUMN_TABLES).flatMap(([type, keys]) => keys.map((key) => `${type}.${key}`));
const ofOperations = argumentNames([...operations.keys()]);
const cases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    ofOperations.flatMap((name) => Object.entries({ [name]: argumentCase(name) as Case }).filter(([, of]) => of)),
  ),
  ...selectionCases,
  ...inputCases,
};

/** Filters that Prisma offers of every column, and PostgreSQL, or Prisma itself, then refuses of some. */
const NOT_TO_BE_HAD = ['Bool', 'Json', 'Uuid'].flatMap((type) =>
  [type, `${type}Nullable`].flatMap((each) =>
    ['_min', '_max', ...(type === 'Json' ? ['_count'] : [])].map((key) => `${each}WithAggregatesFilter.${key}`),
  ),
);

let sides: Sides;
beforeAll(async () => {
  sides = await openSides();
  await Promise.all([sides.plain.reset(), sides.alone.reset()]);
});
afterAll(() => sides.stop());

it('every argument and every key of one has a verdict, and nothing else has', () => {
  expect(Object.keys(cases).concat(ofColumns).sort(), UNDECIDED).toEqual([...ofOperations, ...inputNames()].sort());
});

describe('what may stand in a call stays within the tenant', () => {
  it.each(Object.entries(cases))('%s', async (name, given) => {
    const { is, operation } = given;
    expect([name, verdictOf(name, given)]).toEqual([name, is]);
    if (is === 'refused') return expect(await scoped(given, 'acme')).toEqual({ error: 'scope_refused' });
    const isRead = operations.get(operation)?.kind === 'read';
    const look = isRead ? looked : written;
    const own = await look(() => scoped(given, 'acme'));
    expect(own.answer, 'fails').not.toHaveProperty('error');
    expect(own).toEqual(await look(() => run(sides.alone.client, given, 'acme'), sides.alone));
    const aimed = await look(() => scoped(given, 'globex'));
    const expected = await look(() => run(sides.alone.client, given, 'globex'), sides.alone);
    if ('error' in expected.answer || isTaken(aimed))
      expect(aimed).toMatchObject({ ...unchanged(isRead), answer: { error: expect.anything() } });
    else expect(aimed).toEqual(expected);
    // Without the scope the same call does lead to the other tenant's rows, or it would show nothing.
    expect(await look(() => run(sides.plain.client, given, 'globex'))).not.toEqual(aimed);
  });

  it('every filter of every type of a column, and every change of one', async () => {
    const failing: string[] = [];
    for (const { name, ...each } of columnCases()) {
      const isRead = each.operation !== 'update';
      const look = isRead ? looked : written;
      const own = await look(() => scoped(each, 'acme'));
      expect(own, show(each)).toEqual(await look(() => run(sides.alone.client, each, 'acme'), sides.alone));
      if ('error' in own.answer) {
        failing.push(name);
        continue;
      }
      const plain = await look(() => run(sides.plain.client, each, 'globex'));
      expect(plain, show(each)).not.toEqual(own);
      if (!isRead)
        expect(await look(() => scoped(each, 'globex'))).toMatchObject({
          answer: { error: 'P2025' },
          isForeignKept: true,
        });
    }
    // Of bytes PostgreSQL has them from 18 on.
    const some = failing.filter((name) => !/^Bytes\w*\._m(in|ax)$/.test(name));
    expect([...new Set(some)].sort()).toEqual(NOT_TO_BE_HAD.sort());
  });

  it('a column of the same row, by its reference', async () => {
    const { fields } = sides.raw.job;
    const where = { int: { lte: fields.intMay } };
    const given = {
      is: 'passes',
      model: 'job',
      operation: 'findMany',
      args: () => ({ where, orderBy: { id: 'asc' } }),
    } as const;
    const own = await scoped(given, 'acme');
    expect(own).toEqual(await run(sides.alone.client, given, 'acme'));
    expect(own).toHaveProperty('value.2');
  });
});

describe('what a later Prisma may add is refused', () => {
  const later = { later: { where: {} } };

  it.each(Object.entries(cases))('in %s', (_name, given) => {
    const passed: string[] = [];
    let count = 0;
    for (const [path, args] of variants(given.args('acme'), later)) {
      count += 1;
      if (!isRefused({ ...given, args: () => args })) passed.push(path);
    }
    expect(passed).toEqual([]);
    expect(count).toBeGreaterThan(0);
  });

  it('in every filter and every change of a column', () => {
    for (const each of columnCases()) {
      for (const [path, args] of variants(each.args('acme'), later)) {
        expect([path, isRefused({ ...each, args: () => args }), show(each)]).toEqual([path, true, show(each)]);
      }
    }
  });
});

interface Outcome {
  readonly answer: { readonly value?: unknown; readonly error?: unknown };
  readonly rows?: unknown;
  readonly isForeignKept?: boolean;
}

const scoped = (given: Case, slug: string) => sides.as(acme, () => run(sides.scoped.client, given, slug));

async function run(client: Client, { model, operation, args }: Case, slug: string): Promise<Outcome['answer']> {
  try {
    const value = await client[model]?.[operation]?.(args(slug));
    return {
      value: JSON.parse(
        JSON.stringify(ordered(operation, value), (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ??
          'null',
      ),
    };
  } catch (error) {
    return { error: (error as { code?: unknown }).code ?? String(error) };
  }
}

/** The database says in no order what it has written. */
function ordered(operation: string, value: unknown): unknown {
  if (!operation.endsWith('AndReturn')) return value;
  return (value as { id: string }[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Another tenant's row has the unique value. */
const isTaken = ({ answer: { error } }: Outcome) => error === 'P2002' || error === 'tenant_row_unavailable';
const unchanged = (isRead: boolean) => (isRead ? {} : { isForeignKept: true });

const looked = async (call: () => Promise<Outcome['answer']>): Promise<Outcome> => ({ answer: await call() });

/** A call that writes, from the same rows, with what it leaves. Foreign rows never change but by a call without the scope. */
async function written(
  call: () => Promise<Outcome['answer']>,
  on: Pick<Sides['plain'], 'reset' | 'rows'> = sides.plain,
): Promise<Outcome> {
  const foreign = await on.rows(globex);
  const answer = await call();
  const outcome = {
    answer,
    rows: await on.rows(acme),
    isForeignKept: isDeepStrictEqual(await on.rows(globex), foreign),
  };
  await on.reset();
  return outcome;
}

const show = ({ operation, args }: Case): string =>
  `${operation} ${JSON.stringify(args('acme'), (_, each) => (typeof each === 'bigint' ? `${each}n` : each))}`;

import { canonical, copied, hasInherited, print } from '../../../../test/oracle/arguments.js';
import { cameToCross, countCrossings } from '../../../../test/oracle/crossing.js';
import type { Outcome, Verdict } from '../../../../test/oracle/outcome.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OTHER, OWN } from '../../../../test/oracle/random-rows.js';
import { modelOf } from '../../../../test/oracle/schema.js';
import type { Snapshot } from '../../../../test/oracle/sql.js';
import { tookKeyOfOther } from '../../../../test/oracle/taken-keys.js';
import { isTenantScopeError } from '../../src/index.js';
import { reasonOf } from './reasons.js';
import type { Sides, Store } from './sides.js';
import { isRead, type Operation, type Work } from './work.js';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly isScope: boolean;
}

type Answer = { readonly answer: string } | { readonly failure: Failure };
type Delegate = Record<string, (args: object) => PromiseLike<unknown> & Record<string, () => PromiseLike<unknown>>>;

/** Does the same work on both sides, from the same rows, and puts the rows back. */
export async function compare(sides: Sides, given: RandomCase, begin: Snapshot, work: Work): Promise<Outcome> {
  const { context, shared, alone } = sides;
  const before = print(work.operations.map(({ args }) => args));
  const one = await context.run(OWN, () => run(shared, work));
  const other = await run(alone, {
    ...work,
    operations: work.operations.map((each) => ({ ...each, args: copied(each.args) })),
  });
  const isReading = isRead(work);
  const after = isReading ? begin : await shared.rows(given);
  const expected = isReading ? begin : await alone.rows(given);
  if (!same(after.own, begin.own) || !same(after.other, begin.other)) await shared.reset(given);
  if (!isReading && (!same(expected.own, begin.own) || expected.other.length > 0)) await alone.reset(given);

  const tookKey = tookKeyOfOther(given.schema, expected, begin);
  const outcome = (verdict: Verdict, reason: string): Outcome => ({
    verdict,
    reason,
    scoped: show(one),
    alone: show(other),
  });
  if (print(work.operations.map(({ args }) => args)) !== before)
    return outcome('finding', 'the arguments were changed');
  if (!same(after.other, begin.other)) return outcome('finding', 'rows of the other tenant were changed');
  if ('failure' in one && tellsOfOther(one.failure.message, given, before))
    return outcome('finding', 'an error tells of the other tenant');
  if (cameToCross(given.schema, begin, after))
    return outcome('finding', "a row of its own came to refer to the other tenant's");
  if ('answer' in one) {
    if ('failure' in other) {
      const changed = [
        ...after.own.filter((row) => !begin.own.includes(row)),
        ...begin.own.filter((row) => !after.own.includes(row)),
      ];
      // A row that is written as it was is looked at too.
      const written = changed.length > 0 ? changed : begin.own;
      const changesPlanted = countCrossings(given.schema, written, begin.other).size > 0;
      const known = reasonOf({ sides, given, work, scoped: null, alone: other.failure, tookKey, changesPlanted });
      return known
        ? outcome('known difference', known)
        : outcome('finding', `answered, where the tenant alone gets ${other.failure.code}`);
    }
    if (one.answer !== other.answer) return outcome('finding', 'another answer');
    if (same(after.own, expected.own)) return outcome('same answer', '');
    if (differByTaking(given, work, after, expected))
      return outcome(
        'known difference',
        'which of two new rows of a list keeps the one row that both take is as Prisma orders its writes',
      );
    return tookKey && before.includes('skipDuplicates: true')
      ? outcome(
          'known difference',
          'leaves out a row with a unique value without the tenant, which the other tenant has',
        )
      : outcome('finding', 'other rows of its own');
  }
  if (!same(after.own, begin.own)) return outcome('finding', 'refused, and changed rows');
  const { failure } = one;
  if ('failure' in other) {
    if (failure.code === other.failure.code)
      return outcome('same error', failure.code === 'validation' ? kindOf(failure, given) : failure.code);
    // Prisma's own faults, of which P2021 is one for some conditions of a nested upsert, or what it finds only when it has sent something.
    if (
      other.failure.code === 'TypeError' ||
      failure.code === 'P2021' ||
      (failure.code === 'validation' && other.failure.code !== 'P2021')
    )
      return outcome('both refused', `${failure.code}, alone ${other.failure.code}`);
    if (
      failure.isScope ||
      isOrdinary(failure) ||
      (sides.setting === 'PostgreSQL with the floor' && /row-level security/.test(failure.message))
    )
      return outcome('both refused', `${failure.code}, alone ${other.failure.code}`);
    return outcome('finding', `fails with ${failure.code}, where the tenant alone gets ${other.failure.code}`);
  }
  const known = reasonOf({ sides, given, work, scoped: failure, alone: null, tookKey, changesPlanted: false });
  if (known) return outcome(failure.isScope ? 'refused by the scope' : 'known difference', known);
  return outcome('finding', `refused alone: ${failure.code} ${kindOf(failure, given)}`);
}

/** True when the two differ in rows alone of which one list has two that connect the same row, which one of them can have. */
function differByTaking({ schema }: RandomCase, { operations }: Work, one: Snapshot, other: Snapshot): boolean {
  const tables = schema.relations
    .filter(({ isOneToOne, field }) => isOneToOne && operations.some(({ args }) => takesTwice(args, field)))
    .map(({ holder }) => modelOf(schema, holder).table);
  const differing = [
    ...one.own.filter((row) => !other.own.includes(row)),
    ...other.own.filter((row) => !one.own.includes(row)),
  ];
  return differing.every((row) => tables.some((table) => row.startsWith(`${table}: `)));
}

function takesTwice(value: unknown, field: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.values(value);
  const taken = Array.isArray(value)
    ? entries.flatMap((each) => {
        const { connect } = Object(Object(each)[field]);
        return connect ? [print(connect)] : [];
      })
    : [];
  return new Set(taken).size < taken.length || entries.some((each) => takesTwice(each, field));
}

/** Errors that a caller can be told without a fault on anybody's side. */
const isOrdinary = ({ code }: Failure) =>
  ['P2002', 'P2003', 'P2007', 'P2025', 'P2014', 'P2011', 'P2015', 'P2016', 'P2017', 'P2018'].includes(code);

const same = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((row, index) => row === other[index]);

async function run({ client }: Store, { together, operations }: Work): Promise<Answer> {
  try {
    const answers = await start(client, together, operations);
    return { answer: operations.map((each, index) => canonical(answers[index], isOrdered(each))).join('; ') };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Prisma takes its own arguments alone. */
const isOrdered = ({ isOrdered: isAsked, operation, args }: Operation) =>
  isAsked && (!/^find(Many|First)/.test(operation) || Object.hasOwn(args, 'orderBy')) && !hasInherited(args);

function start(
  client: object,
  together: Work['together'],
  operations: readonly Operation[],
): Promise<readonly unknown[]> {
  const { $transaction } = client as { $transaction(work: unknown): Promise<readonly unknown[]> };
  const all = () => operations.map((each) => call(client, each));
  if (together === 'array') return Reflect.apply($transaction, client, [all()]);
  if (together === 'callback') {
    return Reflect.apply($transaction, client, [
      async (tx: object) => {
        const answers: unknown[] = [];
        for (const each of operations) answers.push(await call(tx, each));
        return answers;
      },
    ]);
  }
  return Promise.all(all());
}

function call(client: object, { model, operation, args, path }: Operation): PromiseLike<unknown> {
  const delegate = (client as Record<string, Delegate>)[
    model.replace(/^./, (first) => first.toLowerCase())
  ] as Delegate;
  let query = delegate[operation]?.(args) as ReturnType<Delegate[string]>;
  for (const relation of path) query = query[relation]?.() as ReturnType<Delegate[string]>;
  return query;
}

function failureOf(error: unknown): Failure {
  const {
    code,
    name,
    message = '',
  } = error as { readonly code?: unknown; readonly name?: unknown; readonly message?: string };
  const isScope = isTenantScopeError(error);
  if (typeof code === 'string') return { code, message, isScope };
  if (name === 'PrismaClientValidationError') return { code: 'validation', message, isScope };
  if (/Inconsistent query result|required to return data/.test(message))
    return { code: 'inconsistent', message, isScope };
  return { code: String(name ?? 'Error'), message, isScope };
}

/** The last line, without what differs from call to call. */
export function kindOf({ message }: Failure, { schema }: RandomCase): string {
  const line = message.trim().split('\n').at(-1) ?? '';
  const names = [
    ...schema.models.flatMap(({ name, fields }) => [name, ...fields.map((field) => field.name)]),
    ...schema.relations.flatMap(({ field, backField }) => [field, backField]),
    ...schema.links.flatMap(({ a, b }) => [a.field, b.field]),
  ].sort((one, other) => other.length - one.length);
  const escaped = names.map((name) => name.replace(/[$]/g, '\\$&'));
  return line
    .replace(new RegExp(`\\b(${escaped.join('|')})\\b`, 'g'), '…')
    .replace(/`[^`]*`/g, '`…`')
    .replace(/"[^"]*"/g, '"…"')
    .replace(/(…[.,] ?)+…/g, '…')
    .slice(0, 260);
}

/** Values that only the other tenant has, and that the caller did not name. */
function tellsOfOther(message: string, { schema }: RandomCase, asked: string): boolean {
  const found = message.match(new RegExp(`\\b${OTHER.slug}(-| text )[\\w-]+|${OTHER.id}`, 'g')) ?? [];
  // A planted reference is a value of its own rows.
  return !schema.isPlanted && found.some((value) => !asked.includes(value));
}

function show(answer: Answer): string {
  return 'answer' in answer ? answer.answer : `${answer.failure.code} ${answer.failure.message.trim().slice(-400)}`;
}

export function printWork({ together, operations }: Work, names: ReadonlyMap<unknown, string>): string {
  const lines = operations.map(
    ({ model, operation, args, path }) =>
      `prisma.${model.replace(/^./, (first) => first.toLowerCase())}.${operation}(${print(args, names)})${path.map((each) => `.${each}()`).join('')}`,
  );
  return together === 'one' ? (lines[0] ?? '') : `${together}:\n  ${lines.join('\n  ')}`;
}

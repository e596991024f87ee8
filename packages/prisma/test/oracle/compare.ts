import { isDeepStrictEqual } from 'node:util';
import { isTenantScopeError } from '../../src/index.js';
import { part, type Sides } from './databases.js';
import type { Operation, Work } from './operations.js';
import { actors, tenants } from './rows.js';

export type Verdict =
  | 'beyond the oracle'
  | 'same answer'
  | 'same error'
  | 'both refused'
  | 'refused by the scope'
  | 'refused by the database';

type Outcome =
  | { readonly answer: unknown }
  | { readonly error: { readonly code?: unknown; readonly message: string; readonly name?: string } };
type Delegate = Record<string, (args: object) => PromiseLike<unknown> & Record<string, () => PromiseLike<unknown>>>;

/**
 * Does the same work on both sides, from the same rows.
 *
 * @throws when the scoped side answered something else than a database of the tenant alone, changed another tenant's rows,
 * or told of them; with both answers.
 */
export async function compare(sides: Sides, work: Work): Promise<Verdict> {
  const { context, scoped, shared, alone } = sides;
  const own = alone.get(work.tenant.id);
  if (!own) throw new Error('no such actor');
  const before = await shared.rows();
  const given = structuredClone(work.operations);
  const one = await context.run(work.tenant, () => run(scoped, work));
  const other = await run(own.client, work);
  const [after, expected] = [await shared.rows(), await own.rows()];
  const isChanged = !isDeepStrictEqual(after, before) || !isDeepStrictEqual(part(before, work.tenant, true), expected);
  try {
    const check = (holds: boolean, what: string) => {
      if (!holds) throw new Error(`${what}\n${print(work)}\nscoped: ${show(one)}\nalone:  ${show(other)}`);
    };
    check(isDeepStrictEqual(work.operations, given), 'the arguments were changed');
    for (const tenant of tenants.filter(({ id }) => id !== work.tenant.id)) {
      const [now, then] = [part(after, tenant, true), part(before, tenant, true)].map(
        ({ _JobToTag: _, ...rest }) => rest,
      );
      check(isDeepStrictEqual(now, then), `rows of ${tenant.slug} were changed`);
    }
    check(
      isDeepStrictEqual(part(after, work.tenant, false), part(before, work.tenant, false)),
      'foreign rows were changed',
    );
    check(!tellsOfOthers(one, work), 'the answer tells of another tenant');
    if ('answer' in one) {
      // SQLite looks at every foreign key of a row that is updated, and alone some of them are dangling.
      if ('error' in other && other.error.code === 'P2003' && sides.checksWholeRows) return 'beyond the oracle';
      // Prisma takes the columns of foreign keys or relations, and not both; the scope lets the own tenant be named beside either.
      if ('error' in other && isMixed(other.error, work)) return 'beyond the oracle';
      check('answer' in other, 'the scoped client answered what a database of its own refuses');
      check(isDeepStrictEqual(one.answer, (other as { answer: unknown }).answer), 'another answer');
      check(isDeepStrictEqual(part(after, work.tenant, true), expected), 'other rows of its own');
      return 'same answer';
    }
    // A transaction of the caller's may have gone part of the way on one side; alone, nothing of it stays on either.
    check(
      isDeepStrictEqual(part(after, work.tenant, true), part(before, work.tenant, true)),
      'refused, and changed rows',
    );
    const isOurs = isTenantScopeError(one.error);
    if ('answer' in other) return isOurs ? 'refused by the scope' : 'refused by the database';
    return isOurs ? 'both refused' : one.error.code === other.error.code ? 'same error' : 'both refused';
  } finally {
    if (isChanged) await Promise.all([shared.reset(), ...actors.map(({ id }) => alone.get(id)?.reset())]);
  }
}

async function run(client: object, { transaction, operations }: Work): Promise<Outcome> {
  try {
    const answer = structuredClone(await start(client, transaction, operations));
    return {
      answer:
        transaction === 'none'
          ? ordered(answer, operations[0])
          : (answer as unknown[]).map((each, n) => ordered(each, operations[n])),
    };
  } catch (error) {
    return { error: error as Error };
  }
}

function isMixed({ name }: { readonly name?: string }, { operations }: Work): boolean {
  return name === 'PrismaClientValidationError' && JSON.stringify(operations).includes('"tenantId":');
}

function start(
  client: object,
  transaction: Work['transaction'],
  operations: readonly Operation[],
): PromiseLike<unknown> {
  const { $transaction } = client as { $transaction(work: unknown): PromiseLike<unknown> };
  if (transaction === 'array')
    return Reflect.apply($transaction, client, [operations.map((each) => call(client, each))]);
  if (transaction === 'none') return call(client, operations[0] as Operation);
  const inTurn = async (tx: object) => {
    const answers: unknown[] = [];
    for (const each of operations) answers.push(await call(tx, each));
    return answers;
  };
  return Reflect.apply($transaction, client, [inTurn]);
}

function call(client: object, { model, operation, args, path }: Operation): PromiseLike<unknown> {
  const property = model.replace(/^./, (first) => first.toLowerCase());
  const delegate = (client as Record<string, Delegate>)[property] as Delegate;
  let query = delegate[operation]?.(args) as ReturnType<Delegate[string]>;
  for (const relation of path) query = query[relation]?.() as ReturnType<Delegate[string]>;
  return query;
}

/** Another tenant's values that the caller did not name, and that no row of its own holds. */
function tellsOfOthers(outcome: Outcome, { tenant, operations }: Work): boolean {
  const text = 'answer' in outcome ? JSON.stringify(outcome.answer) : outcome.error.message;
  const asked = JSON.stringify(operations);
  const others = tenants.filter(({ id }) => id !== tenant.id).map(({ slug }) => slug);
  const canaries = (text ?? '').match(new RegExp(`[\\w -]*\\b(${others.join('|')})\\b`, 'g')) ?? [];
  // A foreign key of its own rows may name another tenant's id: that is planted.
  return canaries.some(
    (canary) =>
      !asked.includes(canary) && !/^\w+-\w+-\d$|-(tag|job|candidate)-/.test(canary) && !/-\w+-\d/.test(text ?? ''),
  );
}

export function print({ tenant, transaction, operations }: Work): string {
  const lines = operations.map(
    ({ model, operation, args, path }) =>
      `prisma.${model.replace(/^./, (first) => first.toLowerCase())}.${operation}(${JSON.stringify(args)})${path.map((each) => `.${each}()`).join('')}`,
  );
  return `as ${tenant.slug}${transaction === 'none' ? '' : ` ($transaction: ${transaction})`}:\n  ${lines.join('\n  ')}`;
}

function show(outcome: Outcome): string {
  if ('answer' in outcome) return JSON.stringify(outcome.answer);
  const { code, message } = outcome.error;
  return `${String(code)} ${message.slice(-300)}`;
}

/** Sorts rows that come back of a write: they have no order of their own. */
function ordered(answer: unknown, operation: Operation | undefined): unknown {
  if (!operation?.operation.endsWith('AndReturn')) return answer;
  return (answer as object[]).map((row) => JSON.stringify(row)).sort();
}

import { type Args, canonical, copied, isPlain, print } from '../../../../test/oracle/arguments.js';
import type { Outcome, Verdict } from '../../../../test/oracle/outcome.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OTHER, OWN } from '../../../../test/oracle/random-rows.js';
import { comparesTenant, modelOf, primaryKey } from '../../../../test/oracle/schema.js';
import type { Snapshot } from '../../../../test/oracle/sql.js';
import { tookKeyOfOther } from '../../../../test/oracle/taken-keys.js';
import { isTenantScopeError } from '../../src/index.js';
import { perform } from './perform.js';
import { deletesInAnOrder, ROW_BY_ROW, reasonOf } from './reasons.js';
import type { Sides, Store } from './sides.js';
import type { Work } from './work.js';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly isScope: boolean;
}

type Answer = { readonly answer: string; readonly given: string } | { readonly failure: Failure };

const OTHER_ROWS = 'other rows of its own';
const OTHER_ANSWER = 'another answer';
const UNWRITTEN = 'answered, where the tenant alone gets EntityPropertyNotFoundError';

/** Does the same work on both sides, from the same rows, and puts the rows back. */
export async function compare(sides: Sides, given: RandomCase, begin: Snapshot, work: Work): Promise<Outcome> {
  const { context, shared } = sides;
  const isReading = work.operations.every(({ isWrite }) => !isWrite);
  const stripped = work.isStripped ? strippedOf(work, given) : copied(work);
  if (work.isTwin && sides.isLoose) return twin(sides, given, begin, stripped);
  const isNew = isConstant(stripped);
  const one = await context.run(OWN, () => run(shared, given, stripped));
  const after = isReading ? begin : await shared.rows(given);
  const again = 'answer' in one && isNew ? await context.run(OTHER, () => run(shared, given, stripped)) : null;
  if (again || !same(after.own, begin.own) || !same(after.other, begin.other)) await shared.reset(given);
  const done: Done = { one, after, again };
  const outcome = await judge(sides, given, begin, work, done, copied(work));
  // TypeORM itself loses a reference whose key has the tenant, or cannot write it, where a row is given without it.
  if (![OTHER_ROWS, OTHER_ANSWER, UNWRITTEN].some((reason) => outcome.reason === reason)) return outcome;
  const named = await judge(sides, given, begin, work, done, namedOf(work, given));
  return named.verdict === 'finding' ? outcome : named;
}

/** The answer of the scoped side, its rows then, and the answer where the same rows were written for another tenant. */
interface Done {
  readonly one: Answer;
  readonly after: Snapshot;
  readonly again: Answer | null;
}

/** Has `asked` done where the tenant is alone, and compares. */
async function judge(
  sides: Sides,
  given: RandomCase,
  begin: Snapshot,
  work: Work,
  { one, after, again }: Done,
  asked: Work,
): Promise<Outcome> {
  const { alone } = sides;
  const isReading = work.operations.every(({ isWrite }) => !isWrite);
  const other = await run(alone, given, asked);
  const expected = isReading ? begin : await alone.rows(given);
  if (!isReading && (!same(expected.own, begin.own) || expected.other.length > 0)) await alone.reset(given);

  const tookKey = tookKeyOfOther(given.schema, expected, begin);
  const outcome = (verdict: Verdict, reason: string): Outcome => ({
    verdict,
    reason,
    scoped: `${show(one)}${/rows/.test(reason) ? difference(begin, after) : ''}`,
    alone: `${show(other)}${/rows/.test(reason) ? difference({ own: begin.own, other: [] }, expected) : ''}`,
  });
  if (!same(after.other, begin.other)) return outcome('finding', 'rows of the other tenant were changed');
  if ('failure' in one && tellsOfOther(one.failure, given, work))
    return outcome('finding', 'an error tells of the other tenant');
  // TypeORM itself writes the whole foreign key on related rows.
  const isTypeormsOwn = 'answer' in other && !work.isStripped && other.given.includes(OWN.id);
  if (again && 'failure' in again && isTheStamp(again.failure) && !isTypeormsOwn && !refersFromOwn(work, given)) {
    return outcome('finding', `the same rows cannot be written for another tenant: ${again.failure.code}`);
  }
  if ('answer' in one) {
    if ('failure' in other) {
      const known = reasonOf({ sides, given, work, scoped: null, alone: other.failure, tookKey });
      return known
        ? outcome('known difference', known)
        : outcome('finding', `answered, where the tenant alone gets ${other.failure.code}`);
    }
    if (one.answer !== other.answer) return outcome('finding', OTHER_ANSWER);
    if (same(after.own, expected.own)) return outcome('same answer', '');
    return deletesInAnOrder(sides, given, work)
      ? outcome('known difference', ROW_BY_ROW)
      : outcome('finding', OTHER_ROWS);
  }
  if (!same(after.own, begin.own) && !('failure' in other && same(after.own, expected.own)))
    return outcome('finding', 'refused, and changed rows');
  const { failure } = one;
  if ('failure' in other) {
    if (failure.code === other.failure.code) return outcome('same error', failure.code);
    if (failure.isScope || /QueryFailed|unique|foreign/i.test(failure.code))
      return outcome('both refused', `${failure.code}, alone ${other.failure.code}`);
    return outcome('finding', `fails with ${failure.code}, where the tenant alone gets ${other.failure.code}`);
  }
  const known = reasonOf({ sides, given, work, scoped: failure, alone: null, tookKey });
  if (known) return outcome(failure.isScope ? 'refused by the scope' : 'known difference', known);
  return outcome('finding', `refused alone: ${failure.code} ${kindOf(failure, given)}`);
}

/** Work of a tenant whose id the tenant column does not tell from another's: nothing of it may be done. */
async function twin({ context, shared }: Sides, given: RandomCase, begin: Snapshot, work: Work): Promise<Outcome> {
  const answer = await context.run({ ...OWN, id: OWN.id.toUpperCase() }, () => run(shared, given, work));
  const after = await shared.rows(given);
  const isUnchanged = same(after.own, begin.own) && same(after.other, begin.other);
  if (!isUnchanged) await shared.reset(given);
  // What TypeORM itself refuses, or need not ask for, reaches no database.
  const isNothing = work.operations.every(({ args }) => args['relation'] === '' || args['column'] === '');
  const isRefused =
    isUnchanged &&
    ('failure' in answer ? answer.failure.isScope || !/^QueryFailed/.test(answer.failure.code) : isNothing);
  return {
    verdict: isRefused ? 'both refused' : 'finding',
    reason: isRefused
      ? 'an id that the column does not tell from another'
      : 'a tenant has the rows of another, whose id the column takes for its own',
    scoped: show(answer),
    alone: 'nothing',
  };
}

/** Rows of the caller's that are kept and name no tenant: what is written for one tenant is written for the next. */
const isConstant = ({ together, operations }: Work) =>
  together === 'one' &&
  ['insert', 'upsert', 'save'].includes(operations[0]?.kind ?? '') &&
  !print(operations[0]?.args).includes(OWN.id);

/**
 * True where a row that is there is saved with a related one, by a key that has the tenant: it is that tenant's, and no other can write
 * it. TypeORM writes the key on it, and so the tenant.
 */
function refersFromOwn({ operations }: Work, { schema, rows }: RandomCase): boolean {
  return operations.some(({ kind, model, args }) => {
    const fields = schema.relations.filter((each) => each.holder === model && comparesTenant(schema, each));
    const keys = primaryKey(modelOf(schema, model)).fields;
    const isThere = (row: Args) =>
      rows.models.get(model)?.own.some((own) => keys.every((key) => own[key] === row[key]));
    const given = [args['rows']].flat() as Args[];
    return kind === 'save' && given.some((row) => fields.some(({ field }) => isPlain(row[field])) && isThere(row));
  });
}

const isTheStamp = ({ code }: Failure) => code === 'tenant_conflict' || code === 'TypeError';

/** The fate of the rows. */
function difference(begin: Snapshot, end: Snapshot): string {
  const [before, after] = [begin, end].map(({ own, other }) => new Set([...own, ...other])) as [
    Set<string>,
    Set<string>,
  ];
  const gone = [...before].filter((row) => !after.has(row)).map((row) => `\n    - ${row}`);
  return [...gone, ...[...after].filter((row) => !before.has(row)).map((row) => `\n    + ${row}`)].slice(0, 8).join('');
}

/** The rows of the work without the tenant, as code that knows no tenant has them. */
function strippedOf(work: Work, { schema }: RandomCase): Work {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (!isPlain(value)) return value;
    const entries = Object.entries(value as Args).filter(
      ([key, entry]) => key !== schema.tenantField || entry !== OWN.id,
    );
    return Object.fromEntries(entries.map(([key, entry]) => [key, strip(entry)]));
  };
  // By `save` TypeORM knows a row by its whole primary key, and inserts one that has a part of it.
  const isKnownByTenant = schema.models.some((model) => primaryKey(model).fields.includes(schema.tenantField));
  const written = ['insert', 'orIgnore', 'upsert', ...(isKnownByTenant ? [] : ['save'])];
  return {
    ...work,
    operations: work.operations.map((each) =>
      written.includes(each.kind) ? { ...each, args: { ...each.args, rows: strip(each.args['rows']) } } : copied(each),
    ),
  };
}

/** The work whose rows all name the tenant, related ones as well. */
function namedOf(work: Work, { schema }: RandomCase): Work {
  const name = (value: unknown, model: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => name(each, model));
    if (!isPlain(value)) return value;
    const relations = relationsOf(schema, model);
    const entries = Object.entries(value as Args).map(([key, entry]) => {
      const to = relations.get(key);
      return [key, to ? name(entry, to) : entry] as const;
    });
    const isOwned = modelOf(schema, model).ownership === 'tenant';
    return { ...(isOwned && { [schema.tenantField]: OWN.id }), ...Object.fromEntries(entries) };
  };
  return {
    ...work,
    operations: work.operations.map((each) => {
      const { kind, model, args } = each;
      if (kind === 'save') return { ...each, args: { ...args, rows: name(args['rows'], model) } };
      if (kind !== 'saveLoaded') return copied(each);
      const changes = Object.entries(args['changes'] as Args).map(([key, change]) => {
        const to = relationsOf(schema, model).get(key) ?? '';
        const isList = isPlain(change) && 'add' in (change as Args);
        return [key, isList ? { ...(change as Args), add: name((change as Args)['add'], to) } : name(change, to)];
      });
      return { ...each, args: { ...args, changes: Object.fromEntries(changes) } };
    }),
  };
}

/** The models that the relations of one lead to, by the names that they have there. */
function relationsOf({ relations, links }: RandomCase['schema'], model: string): ReadonlyMap<string, string> {
  return new Map([
    ...relations.filter(({ holder }) => holder === model).map(({ field, referred }) => [field, referred] as const),
    ...relations
      .filter(({ referred }) => referred === model)
      .map(({ backField, holder }) => [backField, holder] as const),
    ...links.filter(({ a }) => a.model === model).map(({ a, b }) => [a.field, b.model] as const),
    ...links.filter(({ b }) => b.model === model).map(({ a, b }) => [b.field, a.model] as const),
  ]);
}

const same = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((row, index) => row === other[index]);

async function run({ source }: Store, { schema }: RandomCase, { together, operations }: Work): Promise<Answer> {
  try {
    const answers: unknown[] = [];
    if (together === 'transaction') {
      await source.transaction(async (manager) => {
        for (const each of operations) answers.push(await perform(manager, schema, each));
      });
    } else for (const each of operations) answers.push(await perform(source, schema, each));
    return {
      answer: operations.map(({ isOrdered }, index) => canonical(plain(answers[index]), isOrdered)).join('; '),
      given: print(operations.map(({ args }) => args)),
    };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Without the classes of entities; lists that hang on a row have no order. */
function plain(value: unknown, isNested = false): unknown {
  if (Array.isArray(value)) {
    const all = value.map((each) => plain(each, typeof each === 'object'));
    return isNested ? all.sort((a, b) => (canonical(a, false) < canonical(b, false) ? -1 : 1)) : all;
  }
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry, true)]));
}

function failureOf(error: unknown): Failure {
  const {
    code,
    name,
    message = '',
    driverError,
  } = error as {
    readonly code?: unknown;
    readonly name?: unknown;
    readonly message?: string;
    readonly driverError?: { readonly code?: unknown; readonly message?: string };
  };
  const isScope = isTenantScopeError(error);
  if (isScope) return { code: String(code), message, isScope };
  if (name === 'QueryFailedError') {
    const detail = String(driverError?.code ?? driverError?.message ?? code ?? '').replace(/: .*/s, '');
    return { code: `QueryFailed ${detail}`, message, isScope };
  }
  return { code: String(name ?? 'Error'), message, isScope };
}

/** The message, without what differs from call to call. */
export function kindOf({ message }: Failure, { schema }: RandomCase): string {
  const line = message.trim().split('\n')[0] ?? '';
  const names = [
    ...schema.models.flatMap(({ name, table, fields }) => [
      name,
      table,
      ...fields.flatMap((field) => [field.name, field.column]),
    ]),
    ...schema.relations.flatMap(({ field, backField }) => [field, backField]),
    ...schema.links.flatMap(({ table, a, b }) => [table, a.field, b.field]),
  ].sort((one, other) => other.length - one.length);
  const escaped = names.map((name) => name.replace(/[$]/g, '\\$&'));
  return line
    .replace(new RegExp(`\\b(${escaped.join('|')})\\b`, 'g'), '…')
    .replace(/[`"'][^`"']*[`"']/g, '"…"')
    .replace(/\d+/g, 'n')
    .replace(/(…[.,] ?)+…/g, '…')
    .slice(0, 220);
}

/** Values that only the other tenant has, and that the caller did not name. The driver's own words are not the scope's. */
function tellsOfOther({ message, isScope }: Failure, { schema }: RandomCase, { operations }: Work): boolean {
  const found = message.match(new RegExp(`\\b${OTHER.slug}(-| text )[\\w-]+|${OTHER.id}`, 'g')) ?? [];
  const asked = print(operations.map(({ args }) => args));
  return isScope && !schema.isPlanted && found.some((value) => !asked.includes(value));
}

function show(answer: Answer): string {
  return 'answer' in answer ? answer.answer : `${answer.failure.code} ${answer.failure.message.trim().slice(0, 400)}`;
}

export function printWork({ together, operations, isStripped }: Work): string {
  const lines = operations.map(({ kind, model, args }) => `${model}.${kind}(${print(args)})`);
  return `${together === 'one' ? '' : 'transaction: '}${lines.join('; ')}${isStripped ? ' (rows without the tenant)' : ''}`;
}

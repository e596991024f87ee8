import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { findCanaries } from '../../canaries/find-canaries.js';
import type { HttpRequest } from '../../http-request.js';
import { concealedText } from '../../report/known-secrets.js';
import { nobodysValue, replaced, valueAt } from '../target/positions.js';
import { rowChanges } from '../target/row-changes.js';
import type { Attempt, Target } from '../target/target.js';
import { type Attack, leakOf, proven, statusOf, unproven } from './attack.js';
import { idsIn } from './foreign-id.js';
import { texts } from './own-texts.js';

/** Without it, an entrance that refuses everything, or answers with nothing, would pass. */
export const own: Attack = {
  name: 'own',
  run: async (target) => {
    const call = await target.asItself();
    const before = target.changesRows ? await target.harness.rowsOf?.(target.own) : undefined;
    const attempt = await signedIn(target, await target.attempt(call));
    const isFirst = target.own === target.harness.tenants[0];
    if (isFirst && before && !attempt.isRefused) target.transport.lateness = await latenessOf(target);
    const leak = leakOf(attempt, target, 'By its own request');
    if (leak) return leak;
    if (attempt.isRefused) {
      const finding = unproven(
        `The tenant's own request was answered with ${statusOf(attempt)}, so nothing that is refused means anything.${failureOf(attempt)} ` +
          `Give an example that works: { '${target.entrance.id}': (rows) => ({ … }) }.`,
        attempt,
      );
      return { ...finding, endsAttacks: true };
    }
    const { answersNothing } = target.transport;
    if (answersNothing) return proven(`It works for the tenant; its answer holds nothing of it: ${answersNothing}`);
    if (target.entrance.isUntenanted) return proven('It works, and has no tenant.');
    if (shows(attempt, target)) return proven("The tenant's own data is there.");
    if (target.changesRows) {
      const after = await target.harness.rowsOf?.(target.own);
      if (before && after && rowChanges(before, after).length > 0) return proven("It changed the tenant's own rows.");
    } else if ((await changesWithRows(target, attempt)) || (await dependsOnRow(target))) {
      return proven("Its answer follows the tenant's own rows.");
    }
    if (await isForEverybody(target, attempt)) return proven('Everybody is answered alike, without a token.');
    return unproven(nothingOwn(target), attempt);
  },
};

/** A sentence on its failure, where the status does not say it: what a field of GraphQL answers, or what the application has logged. */
function failureOf({ answer, logged }: Attempt): string {
  const errors = (answer?.body as { errors?: unknown } | undefined)?.errors;
  const message =
    answer?.status === 200 && Array.isArray(errors) ? (errors[0] as { message?: unknown })?.message : null;
  if (typeof message === 'string')
    return ` It said: ${concealedText(message).slice(0, LONGEST).trim().replace(/\.$/, '')}.`;
  const line = (answer?.status ?? 0) >= 500 ? logged.find((each) => /error/i.test(each)) : undefined;
  return line === undefined ? '' : ` It logged: ${concealedText(line).slice(0, LONGEST).trim()}.`;
}

/** Characters of a line of the log, enough for what an error says. */
const LONGEST = 300;

/** Looks at rows again for a while: work that an answer does not wait for comes later, in whosever rows. */
async function latenessOf({ harness, own, other }: Target): Promise<number> {
  const began = performance.now();
  const look = () => Promise.all([own, other].map((tenant) => harness.rowsOf?.(tenant)));
  let seen = await look();
  let last = 0;
  for (const pause of PAUSES) {
    await sleep(pause);
    const rows = await look();
    if (!isDeepStrictEqual(rows, seen)) last = performance.now() - began;
    seen = rows;
  }
  return last * 2;
}

/** Milliseconds, and some more. */
const A_SECOND = 1_100;

/** Milliseconds between two looks. */
const PAUSES = [5, 15, 30, 60, 90];

/** Once more after a new sign-in, where an entrance before has ended the session, or time has ended the token. */
async function signedIn(target: Target, attempt: Attempt): Promise<Attempt> {
  if (!isSignedOut(attempt)) return attempt;
  await target.harness.signIn();
  return target.attempt(await target.asItself());
}

/** True when the tenant, which was answered before, is refused now, and not after a new sign-in: refusals meanwhile protect nothing. */
export async function hasSessionEnded(target: Target): Promise<boolean> {
  const attempt = await target.attempt(await target.asItself());
  return isSignedOut(attempt) && !(await signedIn(target, attempt)).isRefused;
}

/** True for a status that says so, and for what GraphQL says with the status 200. */
function isSignedOut({ isRefused, answer }: Attempt): boolean {
  if ([401, 403, 419].includes(answer?.status ?? 0)) return true;
  const { errors } = (answer?.body ?? {}) as { readonly errors?: unknown };
  return isRefused && Array.isArray(errors) && errors.some((each) => SIGNED_OUT.includes(each?.extensions?.code));
}

const SIGNED_OUT = ['UNAUTHENTICATED', 'FORBIDDEN'];

/** Pages that no handler of the application answers with, such as those of its documentation, are the same for everybody. */
export async function isForEverybody(target: Target, { answer }: Attempt): Promise<boolean> {
  if (target.entrance.handler !== null || target.changesRows || !answer) return false;
  const rows = await target.rowsFor(target.own);
  const anonymous = await target.attempt({ identity: { host: null, headers: {} }, tenant: null, rows });
  return !anonymous.isRefused && anonymous.answer?.text === answer.text;
}

/** True when data of the tenant's own was seen: not what a reader sent itself and got back, but what it wrote, as it is there now. */
function shows({ answer, seen, sent, observed }: Attempt, target: Target): boolean {
  const exits = observed.map(({ payload }) => payload);
  const found = findCanaries(
    [exits, answer ? [answer.body, answer.headers, answer.unpacked] : seen],
    target.harness.canaries.of(target.own),
  );
  return found.some(({ canary }) => target.changesRows || !sent.includes(canary.value.toLowerCase()));
}

/** A count holds no value of the tenant's, but grows with its rows. */
async function changesWithRows(target: Target, first: Attempt): Promise<boolean> {
  await target.harness.plant(target.own);
  // Or it is remembered for a moment.
  for (const pause of [0, A_SECOND]) {
    await sleep(pause);
    const second = await target.attempt(await target.asItself());
    if (JSON.stringify(second.seen) !== JSON.stringify(first.seen)) return true;
  }
  return false;
}

/** An answer of yes or no holds no value of the tenant's, but is another for a value that no row has. */
async function dependsOnRow(target: Target): Promise<boolean> {
  const planted = target.harness.planted(target.own);
  const places = [
    ...idsIn(target).map(
      ({ at }) =>
        (request: HttpRequest, isOwn: boolean) =>
          isOwn ? request : replaced(request, [[at, nobodysValue(valueAt(request, at))]]),
    ),
    ...texts(target).map(({ column, put }) => (request: HttpRequest, isOwn: boolean) => {
      const [row = '', name = ''] = column.split('.');
      const value = [planted[row]].flat()[0]?.[name];
      return put(request, isOwn ? value : nobodysValue(value));
    }),
  ];
  for (const put of places) {
    const seen = [];
    for (const isOwn of [true, true, false, false]) {
      const change = (request: HttpRequest) => put(request, isOwn);
      seen.push(JSON.stringify((await target.attempt(await target.asItself(target.own, { change }))).seen));
    }
    if (seen[0] === seen[1] && seen[2] === seen[3] && seen[0] !== seen[2]) return true;
  }
  return false;
}

function nothingOwn(target: Target): string {
  const rows = target.changesRows ? ' and changed none of its rows' : ', and did not change with its rows';
  return (
    `Its answer held nothing of the tenant's own${rows}, so that nothing foreign is in it either proves little. ` +
    `Plant rows that it answers with, or say why that is right: { '${target.entrance.id}': { answersNothing: '…' } }.`
  );
}

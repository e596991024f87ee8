import { findCanaries } from '../../canaries/find-canaries.js';
import type { HttpAnswer, HttpRequest } from '../../http-request.js';
import type { Attempt, Target } from '../target/target.js';
import { type Attack, type Finding, leaks, notApplicable, proven } from './attack.js';

/** Permissions that the answer gives others than the application: caches on the way (RFC 9111), and pages of other origins (CORS). */
export const answerHeaders: Attack = {
  name: 'answer-headers',
  isOneWay: true,
  run: async (target) => {
    if (!target.transport.requestFor(target.harness.planted(target.own), target.own))
      return notApplicable('It has no answer of HTTP.');
    if (target.entrance.isUntenanted) return notApplicable('It has no tenant.');
    return (
      (await keptForAll(target)) ??
      (await openToPages(target)) ??
      proven("It lets neither caches nor pages of the other's origin have what is the tenant's own.")
    );
  },
};

/** Kept by caches under an address that the other calls as well, though it is the tenant's own. */
async function keptForAll(target: Target): Promise<Finding | null> {
  const call = await target.asItself();
  const attempt = await target.attempt(call);
  if (!isShared(attempt.answer) || !holdsOwn(attempt, target)) return null;
  const [mine, theirs] = [await target.identityOf(target.own), await target.identityOf(target.other)];
  const names = Object.keys(mine.headers ?? {});
  if (variesBy(attempt.answer as HttpAnswer, mine.host === theirs.host ? names : [...names, 'host'])) return null;
  if (mine.host === theirs.host) return leaks(KEPT, attempt);
  // At a host of its own it is its own address; at one that is nobody's, the token alone says whose it is.
  const host = (mine.host ?? '').replace(/^[^.:]+/, 'api');
  const elsewhere = await target.attempt({ ...(await target.asItself()), identity: { ...mine, host } });
  if (elsewhere.isRefused || !isShared(elsewhere.answer) || !holdsOwn(elsewhere, target)) return null;
  return leaks(`${KEPT} (at ${host})`, elsewhere);
}

const KEPT =
  'Caches may keep the answer for everybody (`Cache-Control: public`), and its address does not say whose it is; add `Vary`, or make it `private`.';

/** True where a shared cache answers from its copy; what has no age, as Express sends files, it asks the application for each time. */
function isShared(answer: HttpAnswer | null): boolean {
  const control = String(answer?.headers['cache-control'] ?? '').toLowerCase();
  if (!/\bpublic\b|\bs-maxage\b/.test(control) || /\bno-(?:cache|store)\b/.test(control)) return false;
  const age = /\bs-maxage=(\d+)/.exec(control) ?? /\bmax-age=(\d+)/.exec(control);
  return Number(age?.[1] ?? 1) > 0 || /\bstale-while-revalidate\b/.test(control);
}

function variesBy({ headers }: HttpAnswer, names: readonly string[]): boolean {
  const listed = String(headers['vary'] ?? '')
    .toLowerCase()
    .split(/\s*,\s*/);
  return listed.includes('*') || names.some((name) => listed.includes(name.toLowerCase()));
}

function holdsOwn({ answer }: Attempt, { harness, own }: Target): boolean {
  return answer !== null && findCanaries(answer.body, harness.canaries.of(own)).length > 0;
}

/** Read, with the cookies of whoever looks at it, by a page of the other's. */
async function openToPages(target: Target): Promise<Finding | null> {
  const [mine, theirs] = [await target.identityOf(target.own), await target.identityOf(target.other)];
  if (mine.host === theirs.host || !theirs.host) return null;
  const origin = `https://${theirs.host}`;
  const change = (request: HttpRequest) => ({ ...request, headers: { ...request.headers, origin } });
  const attempt = await target.attempt(await target.asItself(target.own, { change }));
  const { headers = {} } = attempt.answer ?? {};
  const isLetIn =
    headers['access-control-allow-origin'] === origin && headers['access-control-allow-credentials'] === 'true';
  return isLetIn ? leaks(`Pages of ${origin} may read the answer with the reader's cookies (CORS).`, attempt) : null;
}

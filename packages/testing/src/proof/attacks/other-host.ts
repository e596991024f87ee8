import type { Attempt, Target } from '../target/target.js';
import { type Attack, leakOf, leaks, notApplicable, proven, statusOf } from './attack.js';

/** The tenant's token on the other's host. */
export const otherHost: Attack = {
  name: 'other-host',
  run: async (target) => {
    const { isUntenanted, kind } = target.entrance;
    if (isUntenanted) return notApplicable('It has no tenant.');
    if (['event', 'queue', 'cron'].includes(kind)) return notApplicable('Nobody calls it at a host.');
    const [mine, theirs] = [await target.identityOf(target.own), await target.identityOf(target.other)];
    if (mine.host === theirs.host) return notApplicable('Both tenants are called at one host.');
    if (Object.keys(mine.headers ?? {}).length === 0)
      return notApplicable('A caller sends nothing but the host, so there is no token to try.');
    const rows = await target.rowsFor(target.other);
    const identity = { host: theirs.host, headers: mine.headers ?? {} };
    const attempt = await target.attempt({ identity, tenant: target.own, rows });
    if (attempt.isRefused) {
      return (
        leakOf(attempt, target, "Refused with its token on the other's host") ??
        proven(`Refused with ${statusOf(attempt)}.`)
      );
    }
    // What everybody may see at that host is no secret of the other's; what only a token makes visible is.
    const anonymous = await withoutToken(theirs.host, target);
    const seen = new Set(anonymous.sightings.map(({ canary }) => canary));
    const beyond = { ...attempt, sightings: attempt.sightings.filter(({ canary }) => !seen.has(canary)) };
    const leak = leakOf(anonymous.isRefused ? attempt : beyond, target, "With its token on the other's host");
    if (leak) return leak;
    if (!anonymous.isRefused) return proven('Everybody sees the same at that host, without a token.');
    return leaks(
      `A token was taken at another tenant's host, and answered with ${statusOf(attempt)}. Where hosts name nobody, give all tenants one \`host\`.`,
      attempt,
    );
  },
};

async function withoutToken(host: string | null, target: Target): Promise<Attempt> {
  const rows = await target.rowsFor(target.other);
  return target.attemptUnobserved({ identity: { host, headers: {} }, tenant: null, rows });
}

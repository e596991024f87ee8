import type { Attempt, Site } from '../site.js';
import { type Attack, leakOf, leaks, notApplicable, proven, statusOf } from './attack.js';

/** The tenant’s token on the other’s host. */
export const otherHost: Attack = {
  name: 'other-host',
  run: async (site) => {
    const { isUntenanted, kind } = site.entrance;
    if (isUntenanted) return notApplicable('It has no tenant.');
    if (['event', 'queue', 'cron'].includes(kind)) return notApplicable('Nobody calls it at a host.');
    const [mine, theirs] = [await site.identityOf(site.own), await site.identityOf(site.other)];
    if (mine.host === theirs.host) return notApplicable('Both tenants are called at one host.');
    if (Object.keys(mine.headers ?? {}).length === 0)
      return notApplicable('A caller sends nothing but the host, so there is no token to try.');
    const rows = await site.rowsFor(site.other);
    const identity = { host: theirs.host, headers: mine.headers ?? {} };
    const attempt = await site.attempt({ identity, tenant: site.own, rows });
    if (attempt.isRefused) {
      return (
        leakOf(attempt, site, 'Refused with its token on the other’s host') ??
        proven(`Refused with ${statusOf(attempt)}.`)
      );
    }
    // What everybody may see at that host is no secret of the other’s; what only a token makes visible is.
    const anonymous = await withoutToken(theirs.host, site);
    const seen = new Set(anonymous.sightings.map(({ canary }) => canary));
    const beyond = { ...attempt, sightings: attempt.sightings.filter(({ canary }) => !seen.has(canary)) };
    const leak = leakOf(anonymous.isRefused ? attempt : beyond, site, 'With its token on the other’s host');
    if (leak) return leak;
    if (!anonymous.isRefused) return proven('Everybody sees the same at that host, without a token.');
    return leaks(`A token was taken at another tenant’s host, and answered with ${statusOf(attempt)}.`, attempt);
  },
};

async function withoutToken(host: string | null, site: Site): Promise<Attempt> {
  const rows = await site.rowsFor(site.other);
  return site.glance({ identity: { host, headers: {} }, tenant: null, rows });
}

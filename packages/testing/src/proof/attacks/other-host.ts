import type { Site } from '../site.js';
import { type Attack, leakOf, leaks, proven, statusOf } from './attack.js';

/** The tenant’s token on the other’s host. */
export const otherHost: Attack = {
  name: 'other-host',
  inapplicable: ({ entrance }) => (entrance.isUntenanted ? 'It has no tenant.' : null),
  run: async (site) => {
    const [mine, theirs] = [await site.identityOf(site.own), await site.identityOf(site.other)];
    if (mine.host === theirs.host)
      return proven('Both tenants are called at one host, so there is no other host to try.');
    if (Object.keys(mine.headers ?? {}).length === 0)
      return proven('A caller sends nothing but the host, so there is no token to try.');
    const rows = await site.rowsFor(site.other);
    const identity = { host: theirs.host, headers: mine.headers ?? {} };
    const attempt = await site.attempt({ identity, tenant: site.own, rows });
    if (attempt.isRefused) {
      return (
        leakOf(attempt, site, 'Refused with its token on the other’s host') ??
        proven(`Refused with ${statusOf(attempt)}.`)
      );
    }
    // What everybody may see at that host is no secret of the other’s.
    if (await isPublicAt(theirs.host, site)) return proven('Everybody sees the same at that host, without a token.');
    return (
      leakOf(attempt, site, 'With its token on the other’s host') ??
      leaks(`A token was taken at another tenant’s host, and answered with ${statusOf(attempt)}.`, attempt)
    );
  },
};

async function isPublicAt(host: string | null, site: Site): Promise<boolean> {
  const rows = await site.rowsFor(site.other);
  const { isRefused } = await site.attempt({ identity: { host, headers: {} }, tenant: site.other, rows, watched: [] });
  return !isRefused;
}

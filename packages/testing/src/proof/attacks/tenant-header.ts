import type { HttpRequest } from '../../http-request.js';
import type { Site } from '../site.js';
import { type Attack, leakOf, leaks, notApplicable, proven, statusOf } from './attack.js';

const NAMES = [
  'tenant',
  'tenant-id',
  'organization',
  'organization-id',
  'org-id',
  'company-id',
  'account-id',
  'workspace-id',
];

/** Headers that anybody can send, with the other’s name in them. */
export const tenantHeader: Attack = {
  name: 'tenant-header',
  run: async (site) => {
    if (!site.approach.requestFor(site.harness.planted(site.own), site.own))
      return notApplicable('It has no request to put a header into.');
    const host = (await site.identityOf(site.other)).host;
    for (const value of new Set([site.other.id, site.other.slug])) {
      const headers = Object.fromEntries(
        NAMES.flatMap((name) => [
          [name, value],
          [`x-${name}`, value],
        ]),
      );
      const forwarded = host ? { 'x-forwarded-host': host, 'x-original-host': host, forwarded: `host=${host}` } : {};
      const found = (await beside(site, headers)) ?? (await beside(site, forwarded)) ?? (await alone(site, headers));
      if (found) return found;
    }
    return proven('They made no difference.');
  },
};

const adding = (headers: Readonly<Record<string, string>>) => (request: HttpRequest) => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

async function beside(site: Site, headers: Readonly<Record<string, string>>) {
  const attempt = await site.attempt(await site.asItself(site.own, { change: adding(headers) }));
  return leakOf(attempt, site, 'With an unsigned header that names the other');
}

/** And nothing else that would name a tenant. */
async function alone(site: Site, headers: Readonly<Record<string, string>>) {
  if (site.entrance.isUntenanted) return null;
  const rows = await site.rowsFor(site.other);
  const attempt = await site.attempt({
    identity: { host: null, headers: {} },
    tenant: null,
    rows,
    change: adding(headers),
  });
  const leak = leakOf(attempt, site, 'With nothing but an unsigned header');
  if (leak || attempt.isRefused) return leak;
  return leaks(`An unsigned header alone was taken for a tenant, and answered with ${statusOf(attempt)}.`, attempt);
}

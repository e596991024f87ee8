import type { HttpRequest } from '../../http-request.js';
import type { Target } from '../target/target.js';
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

/** Headers that anybody can send, with the other's name in them. */
export const tenantHeader: Attack = {
  name: 'tenant-header',
  isOneWay: true,
  run: async (target) => {
    if (!target.entrance.route) return notApplicable('It has no request to put a header into.');
    if (!target.transport.requestFor(target.harness.planted(target.own), target.own))
      return notApplicable('It has no request to put a header into.');
    const host = (await target.identityOf(target.other)).host;
    for (const value of new Set([target.other.id, target.other.slug])) {
      const headers = Object.fromEntries(
        NAMES.flatMap((name) => [
          [name, value],
          [`x-${name}`, value],
        ]),
      );
      const forwarded = host ? { 'x-forwarded-host': host, 'x-original-host': host, forwarded: `host=${host}` } : {};
      const found =
        (await beside(target, headers)) ?? (await beside(target, forwarded)) ?? (await alone(target, headers));
      if (found) return found;
    }
    return proven('They made no difference.');
  },
};

const adding = (headers: Readonly<Record<string, string>>) => (request: HttpRequest) => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

async function beside(target: Target, headers: Readonly<Record<string, string>>) {
  const attempt = await target.attempt(await target.asItself(target.own, { change: adding(headers) }));
  return leakOf(attempt, target, 'With an unsigned header that names the other');
}

/** And nothing else that would name a tenant. */
async function alone(target: Target, headers: Readonly<Record<string, string>>) {
  if (target.entrance.isUntenanted) return null;
  const rows = await target.rowsFor(target.other);
  const attempt = await target.attempt({
    identity: { host: null, headers: {} },
    tenant: null,
    rows,
    change: adding(headers),
  });
  const leak = leakOf(attempt, target, 'With nothing but an unsigned header');
  if (leak || attempt.isRefused) return leak;
  const without = await target.attemptUnobserved({ identity: { host: null, headers: {} }, tenant: null, rows });
  // Whoever asks is answered, with a header or without; `no-tenant` says whether that is right.
  if (!without.isRefused) return null;
  return leaks(`An unsigned header alone was taken for a tenant, and answered with ${statusOf(attempt)}.`, attempt);
}

import type { HttpRequest } from '../../http-request.js';
import type { Attempt } from '../target/target.js';
import { type Attack, leakOf, leaks, notApplicable, proven, statusOf } from './attack.js';
import { isForEverybody } from './own.js';

const NOBODY = { host: null, headers: {} } as const;

/** Neither host nor token name a tenant. */
export const noTenant: Attack = {
  name: 'no-tenant',
  run: async (target) => {
    if (target.transport.isClock) return notApplicable('Nobody calls a clock.');
    const rows = await target.rowsFor(target.own);
    const attempt = await target.attempt({
      identity: NOBODY,
      tenant: null,
      rows,
      change: withoutCredentials,
      watched: [target.own, target.other],
    });
    const leak = leakOf(attempt, target, 'Without a tenant');
    if (leak) return leak;
    if (target.entrance.isUntenanted) return proven('It has no tenant, and shows nothing of any.');
    // To the sign-in, say; it showed nothing and wrote nothing.
    if (target.transport.isInside && !attempt.isRefused) return proven('Without a tenant it showed nothing of any.');
    if (attempt.isRefused || isRedirect(attempt)) return proven(`Refused with ${statusOf(attempt)}.`);
    if (await isForEverybody(target, await target.attempt(await target.asItself()))) {
      return proven('Everybody is answered alike, without a token.');
    }
    return leaks(`Without a tenant it was answered with ${statusOf(attempt)}, and must be refused.`, attempt);
  },
};

function isRedirect({ answer }: Attempt): boolean {
  return answer !== null && answer.status >= 300 && answer.status < 400;
}

function withoutCredentials({ headers, ...request }: HttpRequest): HttpRequest {
  const kept = Object.entries(headers ?? {}).filter(([name]) => !/^(authorization|cookie|host)$/i.test(name));
  return { ...request, headers: Object.fromEntries(kept) };
}

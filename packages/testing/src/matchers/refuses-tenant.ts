import { inspect } from 'node:util';
import { isTenancyError } from '@tenancy/core';
import { checkArrived, type ParsedResponse, seenOf } from './response.js';
import type { Verdict } from './verdict.js';

const statuses = { tenant_required: 401, tenant_mismatch: 401, tenant_inactive: 403 } as const;

/** The refusals that a caller can bring about. */
export type Refusal = keyof typeof statuses;

/**
 * Passes when `response` is the refusal `code`: its HTTP status, and a body that holds nothing but status, code and reason.
 * An error that was thrown is the refusal when it has its code.
 *
 * @throws TypeError for what is neither, and for what is not the code of a refusal.
 * @example
 * ```ts
 * import { refusesTenant } from '@tenancy/testing';
 *
 * const body = { statusCode: 401, message: 'tenant_mismatch', error: 'Unauthorized' };
 * const { pass } = refusesTenant({ status: 401, body }, 'tenant_mismatch'); // true
 * ```
 */
export function refusesTenant(response: ParsedResponse | Error, code: Refusal): Verdict {
  const expected = Object.hasOwn(statuses, code) ? statuses[code] : undefined;
  if (expected === undefined) {
    throw new TypeError(`${inspect(code)} is not a refusal. Expect one of ${Object.keys(statuses).join(', ')}.`);
  }
  checkArrived('toRefuseTenant', response);
  if (response instanceof Error) return refusedWith(response, code);
  const status = response?.status ?? response?.statusCode;
  if (typeof status !== 'number') {
    throw new TypeError('toRefuseTenant needs a response with `status` and its parsed JSON as `body`.');
  }
  const body = (seenOf({ headers: {}, ...response })?.body ?? {}) as Record<string, unknown>;
  // Anything more in the body of a refusal may be somebody's data.
  const rest = Object.keys(body).filter((key) => !['statusCode', 'message', 'error'].includes(key));
  const pass = status === expected && body['message'] === code && rest.length === 0;
  return {
    pass,
    message: () =>
      pass
        ? `Expected the response not to be refused with ${code}.`
        : `Expected ${expected} ${code}, and got ${status} with the body ${inspect(response.body)}.`,
  };
}

function refusedWith(error: Error, code: Refusal): Verdict {
  const pass = isTenancyError(error, code);
  return {
    pass,
    message: () => (pass ? `Expected no ${code} to be thrown.` : `Expected ${code}, and got ${inspect(error)}.`),
  };
}

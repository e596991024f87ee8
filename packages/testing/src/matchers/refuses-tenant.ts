import { inspect } from 'node:util';
import type { Verdict } from './verdict.js';

const statuses = { tenant_required: 401, tenant_mismatch: 401, tenant_inactive: 403 } as const;

/** The refusals that a caller can bring about. */
export type Refusal = keyof typeof statuses;

/** A response as supertest, `fastify.inject` or a client of your own gives it, with its JSON body parsed. */
export interface ParsedResponse {
  readonly status?: number;
  readonly statusCode?: number;
  readonly body?: unknown;
}

/**
 * Whether `response` is the refusal `code`: its HTTP status, and a body that holds nothing but status, code and reason.
 *
 * @example
 * ```ts
 * import { refusesTenant } from '@tenancy/testing';
 *
 * const body = { statusCode: 401, message: 'tenant_mismatch', error: 'Unauthorized' };
 * const { pass } = refusesTenant({ status: 401, body }, 'tenant_mismatch'); // true
 * ```
 */
export function refusesTenant(response: ParsedResponse, code: Refusal): Verdict {
  const expected = statuses[code];
  if (expected === undefined) {
    throw new TypeError(`${inspect(code)} is not a refusal. Expect one of ${Object.keys(statuses).join(', ')}.`);
  }
  const status = response?.status ?? response?.statusCode;
  if (status === undefined) {
    throw new TypeError('toRefuseTenant needs a response with `status` and its parsed JSON as `body`.');
  }
  const body = (response.body ?? {}) as Record<string, unknown>;
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

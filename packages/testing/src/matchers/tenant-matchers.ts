import type { Tenant } from '@tenancy/core';
import { answersAlike } from './answers-alike.js';
import { type BelongsToTenantOptions, belongsToTenant } from './belongs-to-tenant.js';
import { leaksNothingOf } from './leaks-nothing-of.js';
import { type Refusal, refusesTenant } from './refuses-tenant.js';
import { requiresTenant } from './requires-tenant.js';
import type { ParsedResponse } from './response.js';
import type { Verdict } from './verdict.js';

/** The `this` that a runner's `expect.extend` gives to a matcher. */
interface MatcherContext {
  readonly isNot?: boolean;
}

/**
 * The matchers, for the `expect.extend` of any runner. `@tenancy/testing/vitest` and `@tenancy/testing/jest` register
 * them, with their types.
 */
export const tenantMatchers = {
  toBelongToTenant(this: MatcherContext, rows: unknown, tenant: Tenant, options: BelongsToTenantOptions = {}): Verdict {
    if (this?.isNot) {
      throw new TypeError(
        'toBelongToTenant has no `.not`: one row of another tenant among many, or none at all, would pass. ' +
          'Expect the rows toBelongToTenant(own), or toLeakNothingOf(other).',
      );
    }
    return belongsToTenant(rows, tenant, options);
  },
  toLeakNothingOf(value: unknown, tenant: Tenant): Verdict {
    return leaksNothingOf(value, tenant);
  },
  toAnswerLike(response: ParsedResponse, other: ParsedResponse): Verdict {
    return answersAlike(response, other);
  },
  toRefuseTenant(this: MatcherContext, response: ParsedResponse | Error, code: Refusal): Verdict {
    const verdict = refusesTenant(response, code);
    const status = response instanceof Error ? 500 : (response.status ?? response.statusCode ?? 0);
    if (!this?.isNot || verdict.pass || status < 400) return verdict;
    // Refused for another reason, or broken: a negation would pass, and nobody was let in.
    return { pass: true, message: () => `Expected it to be let in. ${verdict.message()}` };
  },
  toRequireTenant(work: () => unknown): Promise<Verdict> {
    return requiresTenant(work);
  },
};

/** The matchers as an assertion has them, `R` being what it answers. */
export interface TenantMatchers<R> {
  /**
   * There are rows, and each is `tenant`'s, as its `tenantId` (or `tenant_id`, or `property`) says; where no row has the
   * field, as the values say that were planted. An empty list fails. Has no `.not`.
   */
  toBelongToTenant(tenant: Tenant, options?: BelongsToTenantOptions): R;
  /** Nothing in the value or response is known to be `tenant`'s: neither its id and slug, nor what was planted for it. */
  toLeakNothingOf(tenant: Tenant): R;
  /** A caller cannot tell the two responses apart: an id of another tenant is answered as one that nobody has. */
  toAnswerLike(other: ParsedResponse): R;
  /** The response is the refusal `code`, with nothing more in its body; or the error has that code. */
  toRefuseTenant(code: Refusal): R;
  /** The function throws `tenant_context_missing` without a tenant. To be awaited. */
  toRequireTenant(): Promise<void>;
}

import { inspect } from 'node:util';
import { isTenancyError, TenantContext } from '@tenancy/core';
import type { Verdict } from './verdict.js';

/**
 * Passes when `work` throws, or rejects with, `tenant_context_missing` when no tenant is active.
 *
 * @throws TypeError inside a tenant's context, which would hide what is missing.
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { requiresTenant } from '@tenancy/testing';
 *
 * const verdict = requiresTenant(() => new TenantContext().tenantId);
 * ```
 */
export async function requiresTenant(work: () => unknown): Promise<Verdict> {
  if (typeof work !== 'function') throw new TypeError('toRequireTenant needs a function: `expect(() => repo.find())`.');
  if (new TenantContext().isActive()) {
    throw new TypeError("toRequireTenant was called inside a tenant's context, which hides what is missing. Leave it.");
  }
  try {
    const result = await work();
    return {
      pass: false,
      message: () =>
        `Expected it to throw tenant_context_missing without a tenant, and it answered ${inspect(result)}.`,
    };
  } catch (error) {
    const pass = isTenancyError(error, 'tenant_context_missing');
    return {
      pass,
      message: () =>
        pass
          ? 'Expected it to work without a tenant, and it threw tenant_context_missing.'
          : `Expected it to throw tenant_context_missing, and it threw ${inspect(error)}.`,
    };
  }
}

import { unidentified } from '../context/unidentified.js';
import { TenantInactiveError, TenantMismatchError } from '../errors/refusals.js';
import type { Tenant } from '../tenant.js';

/**
 * The one tenant that all answers name. `null` is the answer of a source that named a tenant nobody knows.
 *
 * An unknown tenant and a forbidden one get the same answer, so that nobody learns which tenants exist.
 *
 * @throws `tenant_required`, `tenant_mismatch`, `tenant_inactive`.
 */
export function agree(answers: readonly (Tenant | null)[]): Tenant {
  const first = answers[0];
  for (let i = 1; i < answers.length; i += 1) {
    if (answers[i]?.id !== first?.id) throw new TenantMismatchError();
  }
  if (!first) throw unidentified(answers);
  if ((first.status ?? 'active') !== 'active') throw new TenantInactiveError();
  return first;
}

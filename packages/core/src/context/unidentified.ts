import { TenantRequiredError } from '../errors/refusals.js';
import type { Tenant } from '../tenant.js';

const answered = new WeakMap<object, readonly (Tenant | null)[]>();

/** The refusal of a request that nothing identified a tenant for, with what its sources have answered so far. */
export function unidentified(answers: readonly (Tenant | null)[]): TenantRequiredError {
  const refusal = new TenantRequiredError();
  answered.set(refusal, answers);
  return refusal;
}

/**
 * The answers behind a refusal that is {@link unidentified}: none, or names that nobody has. A later source may still say
 * something. `null` for every other refusal, which is final.
 */
export const answersBefore = (refusal: object): readonly (Tenant | null)[] | null => answered.get(refusal) ?? null;

/** Marks the refusal of what has no tenant yet, and may enter one by itself, as a clock may. */
export function enterable<E extends object>(refusal: E): E {
  answered.set(refusal, []);
  return refusal;
}

import { requireFunction } from '../errors/require-function.js';
import { enter } from './enter.js';
import { storage } from './storage.js';

/**
 * A value that travels with work beside its tenant, and leaves that as it is: whose rows an admin's client reads. As of
 * `TenantContext.run`, what work returns keeps the value whenever, and by whomever, it is read or called.
 *
 * @example
 * ```ts
 * import { ContextVariable } from '@tenancy/core/admin';
 *
 * const region = new ContextVariable<string>();
 * const told = region.run('eu', () => region.get()); // 'eu'
 * ```
 */
export class ContextVariable<T> {
  /** Runs `fn` with `value`, and restores what was before. */
  run<R>(value: T, fn: () => R): R {
    requireFunction('ContextVariable.run', fn);
    const around = storage.getStore();
    const values = new Map(around?.values).set(this, value);
    const { tenant = null, refusal = null } = around ?? {};
    return enter({ tenant, refusal, origin: around?.origin ?? around, refused: around?.refused, values }, fn);
  }

  /** The value of the work in hand, or undefined outside of {@link run}. */
  get(): T | undefined {
    return storage.getStore()?.values?.get(this) as T | undefined;
  }
}

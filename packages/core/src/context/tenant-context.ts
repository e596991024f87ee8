import { Injectable } from '@nestjs/common';
import { TenantContextMissingError, TenantSwitchRefusedError } from '../errors/context-errors.js';
import { requireFunction } from '../errors/require-function.js';
import { admit, type Tenant } from '../tenant.js';
import { enter } from './enter.js';
import { functionInside } from './lazy/inside.js';
import { storage, storeFor } from './storage.js';
import { answersBefore } from './unidentified.js';

/**
 * The tenant of the work in hand, carried by one AsyncLocalStorage.
 *
 * Every instance sees the same context: inject it, or create one with `new` where there is no injection.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 *
 * const context = new TenantContext();
 * const slug = context.run({ id: 't_acme', slug: 'acme' }, () => context.current().slug); // 'acme'
 * ```
 */
@Injectable()
export class TenantContext {
  /**
   * Runs `fn` as `tenant`, and restores what was before. What `fn` returns runs inside as well: a thenable is awaited, and
   * an Observable, a stream, an iterator or a function runs as `tenant` whenever, and by whomever, it is read or called.
   *
   * In a request that nothing identified a tenant for, such as a webhook's to a raw handler, `fn` runs as `tenant` all the same. That
   * lets nobody in: behind `run(tenant, next)` in a middleware the guard refuses the request with `tenant_required`.
   *
   * @throws `tenant_switch_refused` inside another tenant's context.
   * @throws `tenant_context_missing` when `tenant` has no usable `id`.
   * @throws `tenancy_misconfigured` when `fn` is no function.
   * @throws the refusal itself (`tenant_mismatch`, `tenant_inactive`, …) in a request that was refused for another reason.
   */
  run<R>(tenant: Tenant, fn: () => R): R {
    requireFunction('TenantContext.run', fn);
    const store = storage.getStore();
    const refusal = store?.refusal;
    if (refusal && answersBefore(refusal) === null) throw refusal;
    const admitted = admit(tenant);
    if (store?.tenant && store.tenant.id !== admitted.id) throw new TenantSwitchRefusedError();
    return enter(storeFor(admitted, refusal), fn);
  }

  /**
   * The tenant of the work in hand, frozen. Never null.
   *
   * @throws `tenant_context_missing` outside any tenant's context.
   * @throws the refusal itself (`tenant_required`, …) in a request that no tenant was admitted for.
   */
  current(): Tenant {
    const store = storage.getStore();
    if (store?.tenant) return store.tenant;
    // Reached by what Nest runs before the guard of this library, such as an application's own global guard.
    throw store?.refusal ?? new TenantContextMissingError();
  }

  /** The `id` of {@link current}, on the same terms. */
  get tenantId(): string {
    return this.current().id;
  }

  /** True inside a tenant's context: for code that serves both sides, such as a logger. */
  isActive(): boolean {
    return storage.getStore()?.tenant != null;
  }

  /**
   * Carries the current tenant to a later call, wherever that comes from: a listener, a callback of a shared connection. What
   * `fn` returns is held to it as that of {@link run} is, and so are functions that are kept on it. It keeps its `name`, its
   * `length`, and whatever else is on it.
   *
   * @throws `tenant_context_missing` outside any tenant's context.
   * @throws `tenancy_misconfigured` when `fn` is no function.
   */
  bind<F extends (...args: never[]) => unknown>(fn: F): F {
    requireFunction('TenantContext.bind', fn);
    return functionInside(storeFor(this.current()), fn);
  }
}

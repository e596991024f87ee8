import { Logger } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import { storage } from '../context/storage.js';
import { answersBefore } from '../context/unidentified.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantSwitchRefusedError } from '../errors/context-errors.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireFunction } from '../errors/require-function.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { Tenant } from '../tenant.js';
import type { VisitOptions } from './clock-options.js';
import { heard } from './heard.js';
import type { ClockLock } from './lock/clock-lock.js';
import { type Injected, lockOf } from './lock/lock-of.js';
import type { Progress, VisitResult } from './progress.js';
import { resumed } from './resumed.js';
import { requireLock, resolveVisitOptions, VISIT_OPTIONS } from './schedule-options.js';
import { visit } from './visit.js';

/** Options of `forEachTenant` and `TenantRunner.forEach`. */
export interface ForEachTenantOptions extends VisitOptions {
  /**
   * Ends the run: no tenant is begun any more, those that are in hand are waited for, and it rejects with the signal's reason.
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Remembers under `key` who is done with, until all are: a run that was aborted, that failed for some, or whose process died is gone on
   * with by the next one of that key, which repeats none that had finished.
   * @defaultValue nothing is remembered
   */
  readonly resume?: { readonly key: string; readonly store?: ClockLock | undefined } | undefined;
}

const OPTIONS = [...VISIT_OPTIONS, 'signal', 'resume'];
const logger = new Logger('TenantSchedule');

/**
 * Runs `fn` for each tenant of `registry.list()`, in that tenant's context: for lifecycle hooks, scripts, and whatever else has no tenant.
 * A tenant that is not active is left out, and one tenant's failure stops no other's work.
 *
 * @throws `tenant_switch_refused` inside a tenant's context.
 * @throws `tenancy_misconfigured` for a wrong option, without a `list()`, and while another process has the same run in hand.
 * @throws what `list()` throws, and the reason of the signal; both when what was begun has ended.
 * @example
 * ```ts
 * import { Injectable, type OnModuleInit } from '@nestjs/common';
 * import { TenantRegistry } from '@tenancy/core';
 * import { forEachTenant } from '@tenancy/core/schedule';
 *
 * @Injectable()
 * class SearchIndex implements OnModuleInit {
 *   constructor(private readonly registry: TenantRegistry) {}
 *
 *   async onModuleInit() {
 *     const { failed } = await forEachTenant(this.registry, (tenant) => `an index for ${tenant.slug}`);
 *     if (failed > 0) throw new Error(`${failed} tenants have no index`);
 *   }
 * }
 * ```
 */
export async function forEachTenant(
  registry: TenantRegistry,
  fn: (tenant: Tenant) => unknown,
  options?: ForEachTenantOptions | null,
): Promise<VisitResult> {
  return begin('forEachTenant', registry, fn, options, NOT_INJECTED);
}

const NOT_INJECTED: Injected = (token) => token;

/** The same, as `place` calls it. */
export async function begin(
  place: string,
  registry: TenantRegistry,
  fn: (tenant: Tenant) => unknown,
  given: ForEachTenantOptions | null | undefined,
  injected: Injected,
  usualStore?: ClockLock,
): Promise<VisitResult> {
  requireFunction(place, fn);
  const options = given ?? {};
  refuseUnknown(place, options, OPTIONS);
  refuseInside(place);
  const { onError, onProgress, ...rest } = resolveVisitOptions(place, options);
  const { signal = new AbortController().signal, resume } = options;
  if (!(signal instanceof AbortSignal)) {
    throw new TenancyConfigurationError(`${place}.signal`, 'is no AbortSignal', 'Pass that of an AbortController.');
  }
  const failed =
    onError ??
    ((error: unknown, { id }: Tenant) =>
      logger.error(`${place} failed for the tenant ${JSON.stringify(id)}: ${stackOf(error)}`));
  const threw = (listener: string) => (error: unknown) => logger.error(`${place}: ${listener} threw ${stackOf(error)}`);
  const own = {
    registry,
    ...rest,
    from: Date.now(),
    signal,
    work: fn,
    begin: async () => true,
    finish: async () => {},
    failed: (error: unknown, tenant: Tenant) => heard(() => failed(error, tenant), threw('onError')),
    progressed: onProgress && ((progress: Progress) => heard(() => onProgress(progress), threw('onProgress'))),
  };
  return outsideAnyTenant(async () => {
    signal.throwIfAborted();
    let result: VisitResult;
    if (resume) {
      const store = resume.store ?? usualStore;
      requireLock(`${place}.resume.store`, store);
      result = await resumed(place, lockOf(`${place}.resume.store`, store, injected), resume.key, own);
    } else {
      result = await visit(own);
    }
    signal.throwIfAborted();
    return result;
  });
}

/** A clock may go on, as may a request that has no tenant on purpose. */
function refuseInside(place: string): void {
  const store = storage.getStore();
  if (store?.tenant) {
    throw new TenantSwitchRefusedError(
      `${place} enters every tenant, and was called inside one. Call it from a clock, a lifecycle hook, a script, or an ` +
        '`@Untenanted()` route; from a request of a tenant, leave it to a queue or a clock.',
    );
  }
  const refusal = store?.refusal;
  if (refusal && answersBefore(refusal) === null) throw refusal;
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

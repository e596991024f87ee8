import { enter, outsideAnyTenant } from '../context/enter.js';
import { storeFor } from '../context/storage.js';
import { TenantRegistryUnavailableError } from '../errors/refusals.js';
import { isTenancyError } from '../errors/tenancy-error.js';
import { LONGEST_TIMER } from '../longest-timer.js';
import { activeTenant } from '../registry/active-tenant.js';
import { isListed, listedTenants } from '../registry/listed-tenants.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import { admit, type Tenant } from '../tenant.js';
import type { Progress, VisitResult } from './progress.js';
import { Slots } from './slots.js';

/** A run over all tenants, with nothing left to choose. */
export interface Visit {
  readonly registry: TenantRegistry;
  readonly concurrency: number;
  readonly spread: number;
  /** The beginning of the spread, in milliseconds since 1970. */
  readonly from: number;
  readonly signal: AbortSignal;
  work(tenant: Tenant): unknown;
  /** False for a tenant that is done with already. */
  begin(tenant: Tenant): Promise<boolean>;
  finish(tenant: Tenant, isDone: boolean): Promise<void>;
  /** Rejects never. */
  failed(error: unknown, tenant: Tenant): Promise<void>;
  /** The same. */
  readonly progressed: ((progress: Progress) => Promise<void>) | undefined;
}

/** B3, B4: visits each tenant of the registry in its own context. Nothing is kept of a tenant once it is done with. */
export async function visit(visit: Visit): Promise<VisitResult> {
  const total = visit.spread > 0 || visit.progressed ? await counted(visit) : 0;
  const slots = new Slots(visit.concurrency);
  const result = { done: 0, failed: 0, skipped: 0 };
  let index = 0;
  try {
    for await (const listed of listedTenants(visit.registry)) {
      const start = visit.from + (visit.spread * index++) / Math.max(total, 1);
      await until(start, visit);
      await slots.taken();
      if (visit.signal.aborted) {
        slots.free();
        break;
      }
      void one(visit, listed)
        .then((outcome) => {
          result[outcome] += 1;
          return visit.progressed?.({ ...result, total, tenant: named(listed) });
        })
        .finally(() => slots.free());
    }
  } finally {
    await slots.empty();
  }
  return result;
}

/** Listeners read `tenant.id`, also of an entry that has none. */
const named = (listed: Tenant): Tenant => (isListed(listed) ? admit(listed) : { id: '', slug: '' });

async function one(visit: Visit, listed: Tenant): Promise<keyof VisitResult> {
  if (!isListed(listed)) {
    const problem = '`list()` of the registry gave an entry without a usable `id`. It is left out.';
    await visit.failed(new TenantRegistryUnavailableError(problem), named(listed));
    return 'failed';
  }
  if ((listed.status ?? 'active') !== 'active') return 'skipped';
  try {
    if (!(await visit.begin(listed))) return 'skipped';
    const tenant = await activeTenant(visit.registry, listed.id).catch((error: unknown) => {
      // Suspended or deleted since it was listed.
      if (isTenancyError(error, 'tenant_inactive') || isTenancyError(error, 'tenant_required')) return null;
      throw error;
    });
    if (tenant) await enter(storeFor(admit(tenant)), () => visit.work(tenant));
    await visit.finish(listed, true);
    return tenant ? 'done' : 'skipped';
  } catch (error) {
    await visit.failed(error, named(listed));
    await visit.finish(listed, false).catch((unfinished: unknown) => visit.failed(unfinished, listed));
    return 'failed';
  }
}

async function counted({ registry, signal }: Visit): Promise<number> {
  let total = 0;
  for await (const _ of listedTenants(registry)) {
    total += 1;
    if (signal.aborted) break;
  }
  return total;
}

/** Waits for a time on the clock, or for the signal. */
async function until(time: number, { signal, spread }: Visit): Promise<void> {
  if (spread === 0) return;
  for (let wait = time - Date.now(); wait > 0 && !signal.aborted; wait = time - Date.now()) {
    await outsideAnyTenant(
      () =>
        new Promise<void>((resolve) => {
          const end = () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', end);
            resolve();
          };
          const timer = setTimeout(end, Math.min(wait, LONGEST_TIMER));
          signal.addEventListener('abort', end);
        }),
    );
  }
}

import { Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { outsideAnyTenant } from '../context/enter.js';
import { storage } from '../context/storage.js';
import { TenantSwitchRefusedError } from '../errors/context-errors.js';
import { markWall } from '../leftovers/wall.js';
import { asClock, type CronJob, firing, takeEarly } from './clock-context.js';
import { watchFiring } from './cron-tick.js';

const FIX =
  'Enter one with `TenantContext.run(tenant, …)`, visit all with `TenantRunner.forEach(…)`, or use `@TenantCron` on a method.';

/** Nest's registry, in which nothing is the tenant's that added it. */
@Injectable()
export class TenantSchedulerRegistry extends SchedulerRegistry {
  constructor() {
    super();
    markWall(this);
  }

  /** B1: a job's timers are made where it is started, and again at each tick: in a request, as its tenant for ever. */
  override addCronJob(name: string, job: CronJob): void {
    super.addCronJob(name, job);
    const early = takeEarly();
    watchFiring(job, early.length > 0);
    for (const call of early) call(job);
    const { fireOnTick } = job;
    // Its type says that a job in this registry has none.
    const completable = job as unknown as { onComplete?: (...args: unknown[]) => unknown };
    const { onComplete } = completable;
    const what = `the cron job "${name}" of SchedulerRegistry runs`;
    job.fireOnTick = () =>
      outsideAnyTenant(() => firing.run(job, () => asClock(what, FIX, () => fireOnTick.call(job) as never)));
    // Called where it is stopped or deleted, which may be a request of whomever.
    if (onComplete) {
      completable.onComplete = function (this: unknown, ...args) {
        return outsideAnyTenant(() => asClock(what, FIX, () => Reflect.apply(onComplete, this, args)));
      };
    }
  }

  /** @throws `tenant_switch_refused` inside a tenant, and clears the interval. */
  override addInterval<T = unknown>(name: string, intervalId: T): void {
    if (storage.getStore()?.tenant) clearInterval(intervalId as never);
    refuseInside('addInterval', name, '@TenantInterval');
    super.addInterval(name, intervalId);
  }

  /** @throws `tenant_switch_refused` inside a tenant, and clears the timeout. */
  override addTimeout<T = unknown>(name: string, timeoutId: T): void {
    if (storage.getStore()?.tenant) clearTimeout(timeoutId as never);
    refuseInside('addTimeout', name, 'a job of a queue');
    super.addTimeout(name, timeoutId);
  }
}

/** B7: the timer was made as the tenant already, and would run as it for as long as the process lives. */
function refuseInside(method: string, name: string, instead: string): void {
  if (!storage.getStore()?.tenant) return;
  throw new TenantSwitchRefusedError(
    `SchedulerRegistry.${method}(${JSON.stringify(name)}) was called inside a tenant's context, with a timer that would run as this tenant ` +
      `for as long as the process lives; it was cleared. Make it when the application starts, or use ${instead}; what is everybody's ` +
      'can be made, and added, inside `outsideAnyTenant(…)` of @tenancy/core/adapter.',
  );
}

import type { SchedulerRegistry } from '@nestjs/schedule';
import { ContextVariable } from '../context/context-variable.js';
import { enter } from '../context/enter.js';
import { storage, type TenantStore } from '../context/storage.js';
import { enterable } from '../context/unidentified.js';
import { TenantContextMissingError } from '../errors/context-errors.js';

/** A job of the `cron` package, as Nest's registry takes it. */
export type CronJob = Parameters<SchedulerRegistry['addCronJob']>[1];

/** The job that fires: what runs for it can tell which tick it is. */
export const firing: ContextVariable<CronJob> = new ContextVariable();

let early: ((job: CronJob | undefined) => void)[] = [];

/**
 * Calls `run` with the job that fires. One whose time comes while Nest makes it fires before it is registered, which Nest does next.
 */
export function withFiringJob<T>(run: (job: CronJob | undefined) => Promise<T>): Promise<T> {
  const job = firing.get();
  if (job) return run(job);
  return new Promise((resolve, reject) => {
    const called = (registered: CronJob | undefined) => {
      run(registered).then(resolve, reject);
    };
    early.push(called);
    queueMicrotask(() => {
      if (!early.includes(called)) return;
      early = early.filter((other) => other !== called);
      called(undefined);
    });
  });
}

/** The calls that have waited for a job to be registered. */
export function takeEarly(): readonly ((job: CronJob | undefined) => void)[] {
  const taken = early;
  early = [];
  return taken;
}

const clocks = new WeakSet<TenantStore>();

/**
 * Runs what a clock calls, which has no tenant: who asks for one is told what runs, and how it gets one.
 *
 * @param what - `Nightly.report is run by @Cron`
 */
export function asClock<R>(what: string, fix: string, fn: () => R): R {
  const around = storage.getStore();
  const store: TenantStore = {
    tenant: null,
    // A getter, so that its stack is of who asks.
    get refusal() {
      return enterable(new TenantContextMissingError(`${what}, and a clock has no tenant. ${fix}`));
    },
    origin: around?.origin ?? around,
    values: around?.values,
  };
  clocks.add(store);
  return enter(store, fn);
}

/** True where {@link asClock} tells more than what is known: outside of everything, or in a clock. */
export function isOutside(): boolean {
  const store = storage.getStore();
  return store === undefined || clocks.has(store);
}

import { Interval } from '@nestjs/schedule';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { LONGEST_TIMER } from '../longest-timer.js';
import type { TenantClockOptions } from './clock-options.js';
import { requireNumber, VISIT_OPTIONS } from './schedule-options.js';
import { declareClock } from './tenant-clock-metadata.js';

/** Options of `@TenantInterval`. */
export interface TenantIntervalOptions extends TenantClockOptions {
  /**
   * The name in Nest's `SchedulerRegistry`, and of the job in the lock.
   * @defaultValue in the registry one that is drawn, in the lock `Mailboxes.poll`
   */
  readonly name?: string | undefined;
}

/**
 * Runs a method of a provider for each tenant, in that tenant's context, every `milliseconds`: Nest's `@Interval`, on the terms of
 * `@TenantCron`. With a lock it runs once in that time, over all processes.
 *
 * @throws `tenancy_misconfigured` on anything but a method, for an unknown option, and for what is no time that a timer can wait.
 * @example
 * ```ts
 * import { Injectable } from '@nestjs/common';
 * import { TenantInterval } from '@tenancy/core/schedule';
 *
 * @Injectable()
 * class Mailboxes {
 *   @TenantInterval(60_000, { concurrency: 20 })
 *   async poll() {}
 * }
 * ```
 */
export function TenantInterval(milliseconds: number, options: TenantIntervalOptions = {}): MethodDecorator {
  refuseUnknown('@TenantInterval', options, [...VISIT_OPTIONS, 'lock', 'name']);
  requireNumber('@TenantInterval', milliseconds, 1, LONGEST_TIMER);
  const { name, ...own } = options;
  return declareClock(
    { decorator: '@TenantInterval', name, options: own, every: milliseconds, isDisabled: false },
    name === undefined ? Interval(milliseconds) : Interval(name, milliseconds),
  );
}

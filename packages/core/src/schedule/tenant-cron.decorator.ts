import { Cron, type CronOptions } from '@nestjs/schedule';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import type { TenantClockOptions } from './clock-options.js';
import { VISIT_OPTIONS } from './schedule-options.js';
import { declareClock } from './tenant-clock-metadata.js';

const NESTS = [
  ...['name', 'timeZone', 'utcOffset', 'unrefTimeout', 'disabled'],
  ...['waitForCompletion', 'threshold', 'initialDelay'],
];

/** Nest's own options of `@Cron`, and those of a run over all tenants. */
export type TenantCronOptions = CronOptions & TenantClockOptions;

/**
 * Runs a method of a provider for each tenant, in that tenant's context, whenever `cronTime` says: Nest's `@Cron`, once for each tenant.
 * The method is given the tenant, and a `TenantTick`.
 *
 * With a lock, one process of all runs a tick, and another goes on with it when that one dies. A tick does not start while the last one
 * runs, a tenant that is not active is left out, and one tenant's failure stops no other's work.
 *
 * @throws `tenancy_misconfigured` on anything but a method, and for an unknown option.
 * @example
 * ```ts
 * import { Injectable } from '@nestjs/common';
 * import type { Tenant } from '@tenancy/core';
 * import { TenantCron } from '@tenancy/core/schedule';
 *
 * @Injectable()
 * class Invoices {
 *   @TenantCron('0 2 * * *', { timeZone: 'Europe/Berlin', concurrency: 10, spread: 30 * 60_000 })
 *   async send(tenant: Tenant) {
 *     return `invoices of ${tenant.slug}`;
 *   }
 * }
 * ```
 */
export function TenantCron(cronTime: Parameters<typeof Cron>[0], options: TenantCronOptions = {}): MethodDecorator {
  refuseUnknown('@TenantCron', options, [...NESTS, ...VISIT_OPTIONS, 'lock']);
  const { concurrency, spread, lock, onError, onProgress, ...nests } = options;
  return declareClock(
    {
      decorator: '@TenantCron',
      name: options.name,
      options: { concurrency, spread, lock, onError, onProgress },
      every: null,
      isDisabled: options.disabled === true,
    },
    Cron(cronTime, nests as CronOptions),
  );
}

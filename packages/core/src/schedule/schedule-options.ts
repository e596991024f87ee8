import type { ScheduleModuleOptions } from '@nestjs/schedule';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-options.js';
import { LONGEST_TIMER } from '../longest-timer.js';
import type { VisitOptions } from './clock-options.js';
import type { ClockLock } from './lock/clock-lock.js';

/** Nest's own options of `ScheduleModule.forRoot`, and what holds for all of `@TenantCron` and `@TenantInterval`. */
export interface TenantScheduleOptions extends ScheduleModuleOptions {
  /**
   * The place where processes agree on who runs a tick.
   * @defaultValue none: each process runs all of them
   */
  readonly lock?: ClockLock | undefined;
  /**
   * Milliseconds that a process may be silent before another one takes its tick over. A third of it passes between two signs of life.
   * @defaultValue `15_000`
   */
  readonly lease?: number | undefined;
  /**
   * Tenants of one tick that are worked for at a time.
   * @defaultValue `5`
   */
  readonly concurrency?: number | undefined;
  /**
   * Milliseconds that a closing application waits for the tenants that are worked for.
   * @defaultValue `30_000`
   */
  readonly shutdownTimeout?: number | undefined;
}

export interface ResolvedScheduleOptions {
  readonly nest: ScheduleModuleOptions;
  readonly lock: ClockLock | undefined;
  readonly lease: number;
  readonly concurrency: number;
  readonly shutdownTimeout: number;
}

/** The validated options of `TenantScheduleModule`. */
export const SCHEDULE_OPTIONS = Symbol.for('@tenancy/core:schedule-options');

/** Those that a run over all tenants takes, from wherever. */
export const VISIT_OPTIONS = ['concurrency', 'spread', 'onError', 'onProgress'];

const NESTS = ['cronJobs', 'intervals', 'timeouts'];

/** @throws `tenancy_misconfigured`, naming the option that is wrong. */
export function resolveScheduleOptions(options: TenantScheduleOptions = {}): ResolvedScheduleOptions {
  const place = 'TenantScheduleModule';
  requireOptions(place, options);
  refuseUnknown(place, options, [...NESTS, 'lock', 'lease', 'concurrency', 'shutdownTimeout']);
  const { lock, lease = 15_000, concurrency = 5, shutdownTimeout = 30_000, ...nest } = options;
  requireNumber(`${place}.lease`, lease, 100, LONGEST_TIMER);
  requireNumber(`${place}.concurrency`, concurrency, 1, LONGEST_TIMER);
  requireNumber(`${place}.shutdownTimeout`, shutdownTimeout, 0, LONGEST_TIMER);
  if (lock !== undefined) requireLock(`${place}.lock`, lock);
  return { nest, lock, lease, concurrency, shutdownTimeout };
}

/** The same for a run. @throws `tenancy_misconfigured`, naming the option that is wrong. */
export function resolveVisitOptions(place: string, options: VisitOptions, usual = 5) {
  const { concurrency = usual, spread = 0, onError, onProgress } = options;
  requireNumber(`${place}.concurrency`, concurrency, 1, LONGEST_TIMER);
  requireNumber(`${place}.spread`, spread, 0, Number.MAX_SAFE_INTEGER);
  for (const [name, given] of Object.entries({ onError, onProgress })) {
    if (given === undefined || typeof given === 'function') continue;
    throw new TenancyConfigurationError(`${place}.${name}`, 'is no function', 'Pass one, or leave it out.');
  }
  return { concurrency, spread, onError, onProgress };
}

/** @throws `tenancy_misconfigured` for what cannot name a place. */
export function requireLock(place: string, lock: unknown): asserts lock is ClockLock {
  if (typeof lock === 'object' && lock !== null && ('table' in lock || 'redis' in lock)) return;
  throw new TenancyConfigurationError(place, 'names no place', 'Pass `{ table: pool }` or `{ redis: client }`.');
}

/** @throws `tenancy_misconfigured` for what is no whole number in these bounds. */
export function requireNumber(option: string, value: unknown, least: number, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new TenancyConfigurationError(option, `is not a whole number from ${least} to ${most}`, 'Correct it.');
}

import type { Tenant } from '../tenant.js';
import type { ClockLock } from './lock/clock-lock.js';
import type { Progress } from './progress.js';

/** Options of a run over all tenants. */
export interface VisitOptions {
  /**
   * Tenants that are worked for at a time.
   * @defaultValue `5`
   */
  readonly concurrency?: number | undefined;
  /**
   * Milliseconds over which the tenants' starts are spread evenly. They are counted first, so `list()` is read twice.
   * @defaultValue `0`
   */
  readonly spread?: number | undefined;
  /**
   * Told of each failure, which stops no other tenant's work, and waited for. What it throws is logged.
   * @defaultValue a line in Nest's log
   */
  readonly onError?: ((error: unknown, tenant: Tenant) => unknown) | undefined;
  /**
   * Told after each tenant, and waited for. What it throws is logged. The tenants are counted first, so `list()` is read twice.
   * @defaultValue nobody
   */
  readonly onProgress?: ((progress: Progress) => unknown) | undefined;
}

/** Options of `@TenantCron` and `@TenantInterval` beside Nest's own. */
export interface TenantClockOptions extends VisitOptions {
  /**
   * The place where processes agree on who runs a tick; `false` for every process by itself.
   * @defaultValue that of `TenantScheduleModule`
   */
  readonly lock?: ClockLock | false | undefined;
}

/** The second argument of a method with `@TenantCron` or `@TenantInterval`; the first is the tenant. */
export interface TenantTick {
  /** The time that the tick was planned for: the same in every process, and when it is taken over. */
  readonly at: Date;
  /** Aborted when the application is closed, or another process has taken the tick over. */
  readonly signal: AbortSignal;
}

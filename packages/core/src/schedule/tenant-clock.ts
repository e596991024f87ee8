import { Logger } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import { isTenancyError } from '../errors/tenancy-error.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { Tenant } from '../tenant.js';
import { anyOf } from './any-of.js';
import { withFiringJob } from './clock-context.js';
import type { VisitOptions } from './clock-options.js';
import { tickOf } from './cron-tick.js';
import { heard } from './heard.js';
import { HeldLease } from './held-lease.js';
import type { Claim, Lease, Lock } from './lock/clock-lock.js';
import { retried } from './retried.js';
import { visit } from './visit.js';

const logger = new Logger('TenantSchedule');

/** A method that runs for each tenant, with nothing left to choose. */
export interface TenantClockSettings {
  /** `Nightly.report`, or the application's own name: what the log and the lock call it. */
  readonly name: string;
  readonly registry: TenantRegistry;
  readonly lock: Lock | null;
  /** Milliseconds that a process may be silent before it counts as dead. */
  readonly lease: number;
  readonly every: number | null;
  readonly options: VisitOptions & { readonly concurrency: number; readonly spread: number };
  call(tenant: Tenant, tick: { readonly at: Date; readonly signal: AbortSignal }): unknown;
}

/** B2, B3: the ticks of one method. One at a time, and with a lock one at a time over all processes. */
export class TenantClock {
  readonly #settings: TenantClockSettings;
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  /** Looks whether there is something to take over, and has nothing in hand yet. */
  #isLooking = false;
  #watch: NodeJS.Timeout | null = null;
  #last: number | null = null;

  constructor(settings: TenantClockSettings) {
    this.#settings = settings;
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Called by Nest's clock, in its context. Ends when the tick does. */
  tick(): Promise<void> {
    if (this.#settings.every !== null) return this.#at(null);
    return withFiringJob((job) => this.#at(job ? tickOf(job) : Date.now()));
  }

  #at(tick: number | null): Promise<void> {
    // An instance that is provided under two tokens is mounted twice, and a job that is late fires twice.
    if (tick !== null && tick === this.#last) return Promise.resolve();
    this.#last = tick;
    return outsideAnyTenant(() => this.#begin(() => this.#fired(tick)));
  }

  /** Looks for a tick that nobody runs any more, for as long as somebody has one in hand. */
  watch(after: number): void {
    if (this.#closing.signal.aborted || this.#watch || !this.#settings.lock) return;
    this.#watch = setTimeout(() => {
      this.#watch = null;
      if (this.#running) return this.watch(this.#settings.lease);
      this.#isLooking = true;
      void this.#begin(() => this.#orphaned());
    }, after);
    this.#watch.unref();
  }

  /** Starts no tenant more, and waits for those that are worked for: no longer than `patience` milliseconds. */
  async close(patience: number): Promise<void> {
    this.#closing.abort(new Error('the application is being closed'));
    if (this.#watch) clearTimeout(this.#watch);
    if (!this.#running) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<true>((resolve) => {
      timer = setTimeout(() => resolve(true), patience);
    });
    if (await Promise.race([this.#running, late])) {
      logger.warn(
        `${this.name} still runs ${patience} ms after the application began to close, and is no longer waited for.`,
      );
    }
    clearTimeout(timer);
  }

  async #begin(work: () => Promise<void>): Promise<void> {
    while (this.#running && this.#isLooking) await this.#running;
    if (this.#closing.signal.aborted) return;
    if (this.#running) {
      logger.warn(`${this.name}: a tick is left out, because the one before it still runs.`);
      return;
    }
    this.#running = work().catch((error: unknown) => logger.error(`${this.name}: ${explained(error)}`));
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #fired(tick: number | null): Promise<void> {
    const { lock, every, lease, name } = this.#settings;
    if (!lock) return this.#visit(new Date(tick ?? Date.now()), null);
    // A timer may be early by a part of a millisecond, and late by what it waited for.
    const gap = every === null ? 1 : every * 0.9;
    await this.#claimed(await retried(() => lock.claim(`clock:${name}`, tick, gap, lease), this.#closing.signal));
  }

  async #orphaned(): Promise<void> {
    const { lock, lease, name } = this.#settings;
    if (!lock) return;
    try {
      const claim = await lock.takeOver(`clock:${name}`, lease);
      this.#isLooking = false;
      await this.#claimed(claim);
    } catch (error) {
      if (this.#isLooking) this.watch(lease);
      throw error;
    } finally {
      this.#isLooking = false;
    }
  }

  async #claimed(claim: Claim): Promise<void> {
    // Not all at once.
    if (claim.state === 'held') this.watch(this.#settings.lease * (1 + Math.random() / 4));
    if (claim.state === 'mine') await this.#visit(new Date(claim.lease.tick), claim.lease);
  }

  async #visit(at: Date, lease: Lease | null): Promise<void> {
    const { lock, registry, options } = this.#settings;
    const { onProgress } = options;
    const held =
      lock && lease
        ? new HeldLease(lock, lease, this.#settings.lease, (error) => logger.warn(`${this.name}: ${explained(error)}`))
        : null;
    const { signal, forget } = anyOf(this.#closing.signal, held?.lost);
    const all = () =>
      visit({
        registry,
        ...options,
        // The time of an interval is that of the lock's clock.
        from: this.#settings.every === null ? at.getTime() : Date.now(),
        signal,
        work: (tenant) => this.#settings.call(tenant, { at, signal }),
        begin: async (tenant) => !held || (await held.begin(tenant)),
        // Failed or not: a tick has one try for each tenant.
        finish: async (tenant) => held?.finish(tenant),
        failed: (error, tenant) => this.#failed(error, tenant),
        progressed: onProgress && ((progress) => heard(() => onProgress(progress), this.#threw('onProgress'))),
      });
    let isOver = false;
    try {
      // What was done is not done again where there is a lock to say so.
      await (held ? retried(all, signal) : all());
      isOver = !signal.aborted;
      if (held?.lost.aborted) logger.warn(`${this.name}: ${(held.lost.reason as Error).message}; it stops here.`);
    } catch (error) {
      // Not left to others, who would fail as well, and again.
      isOver = !signal.aborted;
      throw error;
    } finally {
      forget();
      await held?.close(isOver);
    }
  }

  async #failed(error: unknown, tenant: Tenant): Promise<void> {
    const { onError } = this.#settings.options;
    if (onError) return heard(() => onError(error, tenant), this.#threw('onError'));
    logger.error(`${this.name} failed for the tenant ${JSON.stringify(tenant.id)}: ${explained(error)}`);
  }

  readonly #threw = (listener: string) => (error: unknown) =>
    logger.error(`${this.name}: ${listener} threw ${explained(error)}`);
}

/** The stack of an error of this library begins with its code. */
function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: unknown };
  const stack = error.stack ?? error.message;
  return isTenancyError(error) || typeof code !== 'string' ? stack : `${code}: ${stack}`;
}

import { TenancyConfigurationError } from '../../errors/configuration-error.js';

/** Milliseconds by which a tick may be ahead of the clock of the lock's place. */
export const AHEAD = 3_600_000;

/** One tick of the year 2099 would make every later one of everybody older than the last. */
export function refuseAhead(tick: number | null, now: number): void {
  if (tick === null || !(tick > now + AHEAD)) return;
  throw new TenancyConfigurationError(
    'lock',
    `this process is more than an hour ahead of the lock's own clock, which says ${new Date(now).toISOString()}`,
    'Set the clock of this machine; its ticks are left to other processes.',
  );
}

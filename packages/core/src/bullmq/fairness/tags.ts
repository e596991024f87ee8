/** The priority of what waits for its turn elsewhere and has none yet: BullMQ's last. One above throws. */
export const LATER = 2_097_151;

/** The last of those that are given out. */
export const LAST_TAG = LATER - 1;

/**
 * Start-time fair queueing (Goyal, Vin, Cheng: SIGCOMM 1996) in whole numbers: a job's priority is its start tag, rounded down, and the tenant's
 * next tag is `step` later. Within one priority BullMQ is first in, first out. A tenant of weight 3 has three jobs in each round.
 */
export function prioritiesFrom(start: number, count: number, step: number): number[] {
  // Never 0, which BullMQ takes for "no priority" and runs before every other.
  return Array.from({ length: count }, (_, index) => Math.min(Math.max(Math.floor(start + index * step), 1), LAST_TAG));
}

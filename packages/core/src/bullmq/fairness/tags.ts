/** The priority of what has no place yet: BullMQ's last. One above throws, and 0 means none, which runs before every other. */
export const LATER = 2_097_151;

/** The last of those that are places. */
export const LAST_TAG = LATER - 1;

/** The virtual time at which all tags are moved down, while there is as much room above. */
export const MOVED_DOWN_FROM = 1_048_576;

/** Jobs that one call moves or places: a few milliseconds in which the server does nothing else. */
export const AT_ONCE = 1_000;

/**
 * Milliseconds after which a place that was given before its job was added has its job. An empty queue begins anew only when nothing can be on its
 * way to it any more: 10,000 jobs that are added without waiting have their places before the first of them is there.
 */
export const SETTLED_AFTER = 1_000;

/** The places of `count` jobs from a start tag on. */
export const prioritiesFrom = (start: number, count: number, step: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.min(Math.max(Math.floor(start + index * step), 1), LAST_TAG));

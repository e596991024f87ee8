/** The priority of what has no place yet: BullMQ's last. One above throws, and 0 means none, which runs before every other. */
export const LATER = 2_097_151;

/** The last of those that are places. */
export const LAST_TAG = LATER - 1;

/** The virtual time at which all tags are moved down, while there is as much room above. */
export const MOVED_DOWN_FROM = 1_048_576;

/** Jobs that one call moves or places: a few milliseconds in which the server does nothing else. */
export const AT_ONCE = 1_000;

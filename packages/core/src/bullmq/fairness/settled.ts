/**
 * Milliseconds after which a tag that was given out has been added with its job. An empty queue begins anew only when nothing can be on its way to
 * it any more: 10,000 jobs that are added without waiting have their tags before the first of them is there.
 */
export const SETTLED_AFTER = 1_000;

/** The virtual time at which all tags are moved down, while there is as much room above. */
export const MOVED_DOWN_FROM = 1_048_576;

/** Jobs that one call moves or places: a few milliseconds in which the server does nothing else. */
export const AT_ONCE = 500;

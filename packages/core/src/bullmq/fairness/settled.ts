/**
 * Milliseconds after which a priority that was given out has been added with its job. An empty queue begins anew only when nothing can be on its
 * way to it any more: 10,000 jobs that are added without waiting have their priorities before the first of them is there.
 */
export const SETTLED_AFTER = 1_000;

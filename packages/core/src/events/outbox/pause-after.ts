const LONGEST = 3_600;

/** Seconds until an event that has failed `attempts` times is tried again: 2, 4, 8, … and at most an hour. */
export const pauseAfter = (attempts: number): number => Math.min(2 ** Math.min(attempts, 12), LONGEST);

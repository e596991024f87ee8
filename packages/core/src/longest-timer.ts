/** Milliseconds: a timer of Node that is to wait longer waits for 1 ms. */
export const LONGEST_TIMER = 2 ** 31 - 1;

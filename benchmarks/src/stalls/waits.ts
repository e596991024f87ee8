/** A statement of a writer: the moment that it was sent, and the milliseconds that it took. */
export type Sample = readonly [at: number, took: number];

/** How long writers waited, in milliseconds. */
export interface Waits {
  readonly worst: number;
  readonly p99: number;
  readonly p50: number;
}

/**
 * Waits of a writer that would send a statement every `pause` milliseconds. One that waits for a minute sends one in all that time, and so would
 * hardly count: what it would have sent meanwhile is counted as well, each with the rest of the time.
 */
export function waits(samples: readonly Sample[], pause: number): Waits {
  const all = samples
    .flatMap(([, took]) => Array.from({ length: 1 + Math.floor(took / pause) }, (_, n) => took - n * pause))
    .toSorted((a, b) => a - b);
  const at = (share: number) => all[Math.min(all.length - 1, Math.floor(share * all.length))] ?? Number.NaN;
  return { worst: at(1), p99: at(0.99), p50: at(0.5) };
}

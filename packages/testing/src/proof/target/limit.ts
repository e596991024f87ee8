import type { Target } from './target.js';

/** The end of the time for an entrance: calls that are not begun by then are not made. */
export class Limit {
  #deadline: number;
  #targets: readonly Target[] = [];

  /** @param deadline - a time of `performance.now()` */
  constructor(deadline: number) {
    this.#deadline = deadline;
  }

  get deadline(): number {
    return this.#deadline;
  }

  get isOver(): boolean {
    return this.#deadline === Number.NEGATIVE_INFINITY;
  }

  /** Makes these targets end with it. */
  holds(targets: readonly Target[]): void {
    this.#targets = targets;
    this.#apply();
  }

  /** Ends it now, so that nothing goes on behind what comes next. */
  end(): void {
    this.#deadline = Number.NEGATIVE_INFINITY;
    this.#apply();
  }

  #apply(): void {
    for (const target of this.#targets) target.deadline = this.#deadline;
  }
}

/** A call that is under way at the end may still be answered: an eighth of the time, and a moment. */
const GRACE = 0.125;
const MOMENT = 50;
/** A timer that is set to more would go off at once. */
const LONGEST = 2 ** 31 - 1;

/** The outcome of the work, or null where it has not ended in time. */
export async function inTime<T>(limit: Limit, work: Promise<T>): Promise<T | null> {
  const time = limit.deadline - performance.now();
  if (time === Number.POSITIVE_INFINITY) return work;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.min(Math.max(0, time) * (1 + GRACE) + MOMENT, LONGEST));
  });
  try {
    const first = await Promise.race([work, over]);
    // Nobody hears any more what comes of it.
    if (first === null) work.catch(() => {});
    if (first === null) limit.end();
    return first;
  } finally {
    clearTimeout(timer);
  }
}

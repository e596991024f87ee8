import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { logTap } from './log-tap.js';

/** Something that left the application by another way than an answer. */
export interface Observation {
  /** The way out: `cache`, `job`, `message`, `event`, `socket`, `mail`, or an observer's own. */
  readonly exit: string;
  /** The key, queue, pattern or event: what the way calls it. */
  readonly name: string;
  readonly payload: unknown;
}

/** Everything that was seen while some work was done. */
export interface Recording<R> {
  readonly result: R;
  /** The lines that were logged, by Nest's logger, the console, or on standard output and error. */
  readonly log: readonly string[];
  readonly observed: readonly Observation[];
}

/** The recordings that were under way when a request came in: what it does belongs to them, and to none that begins later. */
const origin = new AsyncLocalStorage<ReadonlySet<unknown>>();

/**
 * Records what leaves an application. The log is the process's: of two applications in one process, each is recorded
 * with the lines of both.
 */
export class Recorder {
  readonly #open = new Set<Observation[]>();

  /** Takes down one observation, in every recording that is under way and was so when what made it began. */
  saw(observation: Observation): void {
    const origins = origin.getStore();
    for (const observed of this.#open) if (origins?.has(observed) !== false) observed.push(observation);
  }

  /** Does the work of a request: what it logs or sends later is not held against the recordings that are under way by then. */
  asRequest<R>(work: () => R): R {
    return origin.run(new Set(this.#open), work);
  }

  /**
   * Does `work`, and answers with what it answered and what left the application meanwhile. Recordings may overlap, and
   * each has everything.
   *
   * @param settle - milliseconds to wait after the work, for what is logged or sent after the answer; of 0, one turn of the event loop
   */
  async record<R>(work: () => Promise<R>, settle = 2): Promise<Recording<R>> {
    const observed: Observation[] = [];
    const log: string[] = [];
    this.#open.add(observed);
    const stop = logTap.open(log, () => origin.getStore()?.has(observed) !== false);
    try {
      const result = await work();
      await (settle > 0 ? sleep(settle) : turn());
      return { result, log, observed };
    } finally {
      stop();
      this.#open.delete(observed);
    }
  }
}

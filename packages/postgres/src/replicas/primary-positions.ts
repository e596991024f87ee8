import type { WalPosition } from './wal-position.js';

interface Measured {
  /** The time before the question was sent, on the clock of `performance.now()`. */
  readonly at: number;
  readonly position: Promise<WalPosition>;
}

/** The share of the allowed staleness after which the position is asked for anew, so that what is used is nearly as old as it may be. */
const SHARE = 4;

/**
 * The positions of one primary, in time. Everybody who asks at once gets the same answer: one question is on its way at a time, and serves
 * whoever came before it was sent.
 */
export class PrimaryPositions {
  readonly #ask: () => Promise<WalPosition>;
  readonly #staleness: number;
  /** Oldest first. */
  #known: Measured[] = [];
  #running: Promise<unknown> | undefined;
  #next: Promise<WalPosition> | undefined;

  /**
   * @param ask - asks the primary
   * @param staleness - milliseconds that a position may be old
   */
  constructor(ask: () => Promise<WalPosition>, staleness: number) {
    this.#ask = ask;
    this.#staleness = staleness;
  }

  /** A position that covers all that was committed at `time`, and demands as little more as is known. Rejects when the primary does not say. */
  async covering(time: number): Promise<WalPosition> {
    const known = this.#known.find(({ at }) => at >= time);
    const newest = this.#known.at(-1);
    const isOld = this.#staleness > 0 && newest && performance.now() - newest.at > this.#staleness / SHARE;
    if (known && isOld) this.#measured().catch(() => {});
    return known ? known.position : this.#measured();
  }

  /** Asks after now: a question that is on its way already may have been answered before. */
  #measured(): Promise<WalPosition> {
    return (this.#next ??= (this.#running ?? Promise.resolve()).then(() => {
      this.#next = undefined;
      const at = performance.now();
      const position = this.#ask();
      this.#known = [...this.#known.filter(({ at: before }) => before >= at - 2 * this.#staleness), { at, position }];
      const forget = () => {
        this.#known = this.#known.filter((measured) => measured.position !== position);
      };
      this.#running = position.then(
        () => {},
        () => forget(),
      );
      return position;
    }));
  }
}

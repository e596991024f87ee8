import { EXIT } from './errors/exit-code.js';

/** Milliseconds in which a second signal is the same one: npx passes on what the terminal has sent to everybody. */
const ONE_AND_THE_SAME = 500;

/** Ctrl+C, and SIGTERM: the first ends a run when the work under way is done, the second ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController();
  #at = 0;

  /** @param onFirst - told of the first, with nothing more to do */
  constructor(private readonly onFirst: () => void) {
    process.on('SIGINT', this.#heard).on('SIGTERM', this.#heard);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  close(): void {
    process.off('SIGINT', this.#heard).off('SIGTERM', this.#heard);
  }

  readonly #heard = (): void => {
    if (!this.signal.aborted) {
      this.#at = Date.now();
      this.#controller.abort();
      this.onFirst();
    } else if (Date.now() - this.#at >= ONE_AND_THE_SAME) {
      process.exit(EXIT.interruptedTwice);
    }
  };
}

import type { MigrationProgress } from '@tenancy/postgres/migrations';
import type { Display } from './display.js';
import { eventWords } from './event-words.js';
import { Tally } from './tally.js';

/** Milliseconds after which there is a line again, however little was done. */
const SILENCE = 5_000;
/** Share of the work after which there is a line. */
const STEP = 0.1;

/** Few lines, for logs. */
export class PlainDisplay implements Display {
  readonly #tally: Tally;
  #last = { share: 0, at: 0, words: '' };

  constructor(
    private readonly write: (line: string) => void,
    private readonly now: () => number = Date.now,
  ) {
    this.#tally = new Tally(now);
    this.#last.at = now();
  }

  show(event: MigrationProgress): void {
    if (event.type === 'target') {
      this.#tally.count(event);
      if (event.outcome === 'failed') this.write(`failed: ${event.target}`);
      this.#perhaps();
      return;
    }
    if (event.type === 'planned') this.#tally.expect(event.behind ?? event.targets);
    const words = eventWords(event);
    // A lock that is waited for is told of again and again.
    if (words === this.#last.words) return;
    this.#last.words = words;
    this.write(words);
  }

  say(text: string): void {
    this.write(text);
  }

  pause(): void {}

  close(): void {}

  #perhaps(): void {
    const { share } = this.#tally;
    const isDue = share - this.#last.share >= STEP - 1e-9 || share === 1 || this.now() - this.#last.at >= SILENCE;
    if (!isDue) return;
    this.#last = { ...this.#last, share, at: this.now() };
    this.write(this.#tally.words);
  }
}

import type { MigrationProgress } from '@tenancy/postgres/migrations';
import type { Sink } from '../output/output.js';
import type { Display } from './display.js';
import { eventWords } from './event-words.js';
import { barOf, LiveLines } from './live-lines.js';
import { Tally } from './tally.js';

/** A bar over all targets, with those that failed last. */
export class LiveDisplay implements Display {
  readonly #tally = new Tally();
  readonly #lines: LiveLines;
  #words = 'looking at the targets';

  constructor(terminal: Sink, write: (line: string) => void) {
    this.#lines = new LiveLines(terminal, write, () => this.#now());
  }

  show(event: MigrationProgress): void {
    this.#lines.goOn();
    if (event.type === 'target') {
      this.#tally.count(event);
      // Whatever was waited for is over.
      this.#words = '';
      return;
    }
    if (event.type === 'planned') this.#tally.expect(event.behind ?? event.targets);
    this.#words = eventWords(event);
    if (event.type !== 'waiting') this.say(this.#words);
  }

  say(text: string): void {
    this.#lines.say(text);
  }

  pause(): void {
    this.#lines.pause();
  }

  close(): void {
    this.#lines.close();
  }

  #now(): readonly string[] {
    const { isAtWork, share, words, lastFailures } = this.#tally;
    return [
      isAtWork ? `${barOf(share)} ${words}` : this.#words,
      ...(lastFailures.length > 0 ? [`failed: ${lastFailures.join(', ')}`] : []),
      ...(isAtWork && this.#words.startsWith('waiting') ? [this.#words] : []),
    ];
  }
}

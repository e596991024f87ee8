import type { MigrationProgress } from '@tenancy/postgres/migrations';
import type { Sink } from '../output/output.js';
import type { Display } from './display.js';
import { eventWords } from './event-words.js';
import { Tally } from './tally.js';

const FRAMES = ['◒', '◐', '◓', '◑'];
const BAR = 24;
const INTERVAL = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/**
 * A few lines at the bottom of a terminal, drawn again and again. It leaves the keyboard alone: the progress of @clack/prompts takes
 * it, and ends the process with code 0 at Ctrl+C, in the middle of the work.
 */
export class LiveDisplay implements Display {
  readonly #tally = new Tally();
  readonly #timer: NodeJS.Timeout;
  #lines: readonly string[] = [];
  #words = 'looking at the targets';
  #frame = 0;
  #isPaused = false;

  constructor(
    private readonly terminal: Sink,
    private readonly write: (line: string) => void,
  ) {
    terminal.write(HIDE_CURSOR);
    this.#timer = setInterval(() => this.#draw(), INTERVAL);
    process.once('exit', this.#restore);
  }

  show(event: MigrationProgress): void {
    this.#isPaused = false;
    if (event.type === 'target') {
      this.#tally.count(event);
      // Whatever was waited for is over.
      this.#words = '';
      return;
    }
    if (event.type === 'planned') this.#tally.expect(event.behind);
    this.#words = eventWords(event);
    if (event.type !== 'waiting') this.say(this.#words);
  }

  say(text: string): void {
    this.#erase();
    this.write(text);
  }

  pause(): void {
    this.#erase();
    this.#isPaused = true;
    this.terminal.write(SHOW_CURSOR);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#erase();
    this.#restore();
    process.removeListener('exit', this.#restore);
  }

  readonly #restore = (): void => {
    this.terminal.write(SHOW_CURSOR);
  };

  #draw(): void {
    if (this.#isPaused) return;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const filled = Math.floor(this.#tally.share * BAR);
    const bar = `${'━'.repeat(filled)}${'─'.repeat(BAR - filled)}`;
    const lines = [`${FRAMES[this.#frame]}  ${this.#tally.isAtWork ? `${bar} ${this.#tally.words}` : this.#words}`];
    if (this.#tally.lastFailures.length > 0) lines.push(`   failed: ${this.#tally.lastFailures.join(', ')}`);
    if (this.#tally.isAtWork && this.#words.startsWith('waiting')) lines.push(`   ${this.#words}`);
    this.#erase();
    this.#lines = lines.map((line) => this.#fitting(line));
    this.terminal.write(`${HIDE_CURSOR}${this.#lines.map((line) => `${line}\n`).join('')}`);
  }

  /** A line that is broken by the terminal could not be erased by its number. */
  #fitting(line: string): string {
    const room = (this.terminal.columns || 80) - 1;
    const signs = [...line.replaceAll(/\p{Cc}/gu, '?')];
    return signs.length <= room ? signs.join('') : `${signs.slice(0, room - 1).join('')}…`;
  }

  #erase(): void {
    if (this.#lines.length > 0) this.terminal.write(`\u001b[${this.#lines.length}A\r\u001b[J`);
    this.#lines = [];
  }
}

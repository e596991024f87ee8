import type { Sink } from '../output/output.js';

const FRAMES = ['◒', '◐', '◓', '◑'];
const BAR = 24;
const INTERVAL = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** A bar of which `share` is filled. */
export function barOf(share: number): string {
  const filled = Math.floor(Math.min(1, share) * BAR);
  return `${'━'.repeat(filled)}${'─'.repeat(BAR - filled)}`;
}

/**
 * A few lines at the bottom of a terminal, drawn again and again. It leaves the keyboard alone: the progress of @clack/prompts takes
 * it, and ends the process with code 0 at Ctrl+C, in the middle of the work.
 */
export class LiveLines {
  readonly #timer: NodeJS.Timeout;
  #drawn: readonly string[] = [];
  #frame = 0;
  #isPaused = false;

  /** @param lines - asked for them each time; the first one has a turning sign in front */
  constructor(
    private readonly terminal: Sink,
    private readonly write: (line: string) => void,
    private readonly lines: () => readonly string[],
  ) {
    terminal.write(HIDE_CURSOR);
    this.#timer = setInterval(() => this.#draw(), INTERVAL);
    process.once('exit', this.#restore);
  }

  /** A word besides, which stays. */
  say(text: string): void {
    this.#erase();
    this.write(text);
  }

  pause(): void {
    this.#erase();
    this.#isPaused = true;
    this.terminal.write(SHOW_CURSOR);
  }

  goOn(): void {
    this.#isPaused = false;
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
    const [first = '', ...others] = this.lines();
    this.#erase();
    this.#drawn = [`${FRAMES[this.#frame]}  ${first}`, ...others.map((line) => `   ${line}`)].map((line) =>
      this.#fitting(line),
    );
    this.terminal.write(`${HIDE_CURSOR}${this.#drawn.map((line) => `${line}\n`).join('')}`);
  }

  /** A line that is broken by the terminal could not be erased by its number. */
  #fitting(line: string): string {
    const room = (this.terminal.columns || 80) - 1;
    const signs = [...line.replaceAll(/\p{Cc}/gu, '?')];
    return signs.length <= room ? signs.join('') : `${signs.slice(0, room - 1).join('')}…`;
  }

  #erase(): void {
    if (this.#drawn.length > 0) this.terminal.write(`\u001b[${this.#drawn.length}A\r\u001b[J`);
    this.#drawn = [];
  }
}

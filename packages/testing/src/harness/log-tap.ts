import fs from 'node:fs';
import { format } from 'node:util';

type Patched = { readonly target: object; readonly name: string; readonly original: unknown };

const CONSOLE = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const;

/**
 * Hears what the process logs while somebody listens: the console, standard output and error, and what is written to
 * them below the streams, as Pino does. Everything still goes where it went.
 */
class LogTap {
  readonly #listeners = new Map<string[], () => boolean>();
  #patched: Patched[] = [];
  /** Inside a method that is heard already, and passes the same text on to another one. */
  #isPassing = false;

  /** Adds every line from now on to `lines` where `isMeant` says so, until the answer is called. */
  open(lines: string[], isMeant: () => boolean): () => void {
    if (this.#listeners.size === 0) this.#patch();
    this.#listeners.set(lines, isMeant);
    return () => {
      this.#listeners.delete(lines);
      if (this.#listeners.size === 0) this.#restore();
    };
  }

  get isOpen(): boolean {
    return this.#listeners.size > 0;
  }

  hear(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() !== '') for (const [lines, isMeant] of this.#listeners) if (isMeant()) lines.push(line);
    }
  }

  #patch(): void {
    for (const method of CONSOLE) this.#replace(console, method, (...args) => format(...args));
    for (const stream of [process.stdout, process.stderr]) this.#replace(stream, 'write', (chunk) => textOf(chunk));
    for (const method of ['write', 'writeSync'] as const) {
      this.#replace(fs, method, (fd, chunk, offset, length) => {
        if (fd !== 1 && fd !== 2) return null;
        const isPart = typeof chunk !== 'string' && typeof offset === 'number';
        return isPart ? textOf((chunk as Buffer).subarray(offset, offset + Number(length))) : textOf(chunk);
      });
    }
  }

  #replace(target: object, name: string, hear: (...args: unknown[]) => string | null): void {
    const original = Reflect.get(target, name) as (...args: unknown[]) => unknown;
    this.#patched.push({ target, name, original });
    const tap = this;
    Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
      if (tap.#isPassing) return Reflect.apply(original, this, args);
      tap.#isPassing = true;
      try {
        const text = hear(...args);
        if (text !== null) tap.hear(text);
        return Reflect.apply(original, this, args);
      } finally {
        tap.#isPassing = false;
      }
    });
  }

  #restore(): void {
    // Last first, so that what was patched twice ends as it began.
    for (const { target, name, original } of this.#patched.reverse()) Reflect.set(target, name, original);
    this.#patched = [];
  }
}

const textOf = (chunk: unknown): string =>
  chunk instanceof Uint8Array ? Buffer.from(chunk).toString('utf8') : String(chunk);

export const logTap = new LogTap();

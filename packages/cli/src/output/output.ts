import { hidePasswords } from './hide-passwords.js';

/** A stream that is written to. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** How a command speaks: results on stdout, everything else on stderr. */
export class Output {
  constructor(
    private readonly streams: { readonly stdout: Sink; readonly stderr: Sink },
    /** True where stdout is one object a line, and stderr is still. */
    readonly isJson: boolean,
    /** True where errors are shown with their stack. */
    readonly isVerbose: boolean,
  ) {}

  get stderr(): Sink {
    return this.streams.stderr;
  }

  /** A line of the result, for people; in JSON it has its own form. */
  line(text = ''): void {
    if (!this.isJson) this.streams.stdout.write(`${forTerminals(text)}\n`);
  }

  /** One object of the result, for programs. */
  object(value: Readonly<Record<string, unknown>>): void {
    if (this.isJson) this.streams.stdout.write(`${JSON.stringify(value, hidden)}\n`);
  }

  /** A text of the result as it is, which programs read too. */
  raw(text: string): void {
    this.streams.stdout.write(text);
  }

  /** Something about the course of the command. */
  note(text: string): void {
    if (!this.isJson) this.streams.stderr.write(`${forTerminals(text)}\n`);
  }

  /** An error in words, in JSON too: it is read where the run is looked after. */
  complaint(text: string): void {
    this.streams.stderr.write(`${forTerminals(text)}\n`);
  }
}

/** Each text by itself, but for SQL, which is what it is. */
function hidden(key: string, value: unknown): unknown {
  return typeof value === 'string' && key !== 'sql' ? hidePasswords(value) : value;
}

/** Names and messages of others come along, and are no orders to a terminal. */
function forTerminals(text: string): string {
  return hidePasswords(text).replaceAll(/[^\P{Cc}\n\t]/gu, '?');
}

import { inspect } from 'node:util';
import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { logTap } from './log-tap.js';

/** Nest's logger in tests: quiet but for errors, as Nest's own testing logger, and heard in full by every recording. */
export class HeardLogger implements LoggerService {
  readonly #console = new ConsoleLogger();

  log(...message: unknown[]): void {
    hear('log', message);
  }

  warn(...message: unknown[]): void {
    hear('warn', message);
  }

  debug(...message: unknown[]): void {
    hear('debug', message);
  }

  verbose(...message: unknown[]): void {
    hear('verbose', message);
  }

  error(...message: unknown[]): void {
    // What a recording has is looked at there, and an attack makes many errors.
    if (logTap.isOpen) hear('error', message);
    else this.#console.error(...(message as [unknown]));
  }

  fatal(...message: unknown[]): void {
    if (logTap.isOpen) hear('fatal', message);
    else this.#console.fatal(...(message as [unknown]));
  }
}

/** The message, and what comes with it: a stack, a context, an object. */
function hear(level: string, message: readonly unknown[]): void {
  const written = message.filter((part) => part !== undefined).map((part) => text(part));
  logTap.hear(`${level} ${written.join(' ')}`);
}

const text = (part: unknown) => (typeof part === 'string' ? part : inspect(part, { depth: 6, maxStringLength: null }));

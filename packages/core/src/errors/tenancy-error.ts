import { inspect } from 'node:util';
import { HttpException, Logger } from '@nestjs/common';
import { BRAND, isTenancyError } from './brand.js';
import { type TenancyErrorCode, tenancyErrors } from './codes.js';

export { isTenancyError };

const logger = new Logger('Tenancy');

/**
 * The base of every error this library throws.
 *
 * `code` says what it is; `message` says what happened, why, and the fix. In every transport only the code is sent: over
 * HTTP `{ statusCode, message: code, error }`.
 */
export class TenancyError extends HttpException {
  readonly [BRAND] = true;
  readonly code: TenancyErrorCode;
  #reported = false;

  constructor(code: TenancyErrorCode, explanation: string, options?: { readonly cause?: unknown }) {
    const { status, error } = tenancyErrors[code];
    super({ statusCode: status, message: code, error }, status, options);
    this.code = code;
    this.name = new.target.name;
    this.message = `${code}: ${explanation}`;
    // HttpException captures its stack before it has a message, and a log would show the stack without it.
    Error.captureStackTrace(this, new.target);
  }

  /**
   * The body of the HTTP answer. It carries only the code, and Nest does not log an HttpException, so the explanation
   * of a fault of the server goes to the log here, once.
   */
  override getResponse(): string | object {
    this.report();
    return super.getResponse();
  }

  /** The answer to the client of a WebSocket or a message, on the terms of {@link getResponse}. */
  getError(): string {
    this.report();
    return this.code;
  }

  /** @internal Logs a fault of the server, once, and where it happened when that is known. */
  report(handler?: string): void {
    if (this.getStatus() < 500 || this.#reported) return;
    this.#reported = true;
    const at = handler === undefined ? '' : `${handler}: `;
    logger.error(`${at}${this.stack}${this.cause === undefined ? '' : `\n[cause]: ${inspect(this.cause)}`}`);
  }
}

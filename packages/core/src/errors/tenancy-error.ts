import { inspect } from 'node:util';
import { HttpException, Logger } from '@nestjs/common';
import { type TenancyErrorCode, tenancyErrors } from './codes.js';

// Two copies of this package (ESM and CommonJS) may meet in one process, so an error is known by its brand.
const BRAND = Symbol.for('@tenancy/core:error');

const logger = new Logger('Tenancy');

/**
 * The base of every error this library throws.
 *
 * `code` says what it is; `message` says what happened, why, and the fix. Over HTTP only the code is sent:
 * `{ statusCode, message: code, error }`.
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
    if (this.getStatus() >= 500 && !this.#reported) {
      this.#reported = true;
      logger.error(this.cause === undefined ? this.stack : `${this.stack}\n[cause]: ${inspect(this.cause)}`);
    }
    return super.getResponse();
  }
}

/** Whether `error` is a {@link TenancyError} (of `code`, when given), whichever copy of the package made it. */
export function isTenancyError(error: unknown, code?: TenancyErrorCode): error is TenancyError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as { [BRAND]?: unknown })[BRAND] === true &&
    (code === undefined || (error as TenancyError).code === code)
  );
}

import type { TenancyErrorCode } from './codes.js';
import type { TenancyError } from './tenancy-error.js';

// Two copies of this package (ESM and CommonJS) may meet in one process, so an error is known by its brand.
export const BRAND = Symbol.for('@tenancy/core:error');

/** Whether `error` is a {@link TenancyError} (of `code`, when given), whichever copy of the package made it. */
export function isTenancyError(error: unknown, code?: TenancyErrorCode): error is TenancyError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as { [BRAND]?: unknown })[BRAND] === true &&
    (code === undefined || (error as TenancyError).code === code)
  );
}

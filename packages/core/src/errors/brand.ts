import { isBranded } from './adapter-error.js';
import type { TenancyErrorCode } from './codes.js';
import type { TenancyError } from './tenancy-error.js';

// Two copies of this package (ESM and CommonJS) may meet in one process, so an error is known by its brand.
export const BRAND = Symbol.for('@tenancy/core:error');

/** True when `error` is a {@link TenancyError} (of `code`, when given), whichever copy of the package made it. */
export function isTenancyError(error: unknown, code?: TenancyErrorCode): error is TenancyError {
  return isBranded(error, BRAND, code);
}

/** On every {@link AdapterError}, whichever copy of this package it extends. */
export const ADAPTER_ERROR = Symbol.for('@tenancy/core:adapter-error');

/**
 * The base of an adapter's error family: a literal `code`, and a `message` that begins with it and says what happened, why, and the
 * fix, but never shows a row or another tenant's id. No client is told more than the code.
 *
 * A family has a brand of its own, because two copies of a package (ESM and CommonJS) may meet in one process, and `instanceof`
 * knows those of one copy alone. Its guard is {@link isBranded}.
 *
 * @example
 * ```ts
 * import { AdapterError, isBranded } from '@tenancy/core/adapter';
 *
 * const BRAND = Symbol.for('@acme/tenancy-kysely:error');
 *
 * export type TenantKyselyErrorCode = 'kysely_misconfigured' | 'kysely_refused';
 *
 * export class TenantKyselyError extends AdapterError<TenantKyselyErrorCode> {
 *   readonly [BRAND] = true;
 *   override readonly name = 'TenantKyselyError';
 * }
 *
 * export function isTenantKyselyError(error: unknown, code?: TenantKyselyErrorCode): error is TenantKyselyError {
 *   return isBranded(error, BRAND, code);
 * }
 * ```
 */
export abstract class AdapterError<Code extends string = string> extends Error {
  readonly code: Code;

  /** @param explanation - what happened, why, and the fix */
  constructor(code: Code, explanation: string, options?: { readonly cause?: unknown }) {
    super(`${code}: ${explanation}`, options);
    this.code = code;
  }

  // On the prototype, so that a log does not show it.
  get [ADAPTER_ERROR](): true {
    return true;
  }
}

/** True for an {@link AdapterError} of any family, whichever copy of this package it extends. */
export function isAdapterError(error: unknown): error is AdapterError {
  return isBranded(error, ADAPTER_ERROR);
}

/**
 * True for an error with this brand, and with this `code` when one is given: what the guard of an error family is made of. It reads
 * the brand and the code, so that errors of another copy of a package are known too.
 */
export function isBranded(error: unknown, brand: symbol, code?: string): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as Readonly<Record<symbol, unknown>>)[brand] === true &&
    (code === undefined || (error as { readonly code?: unknown }).code === code)
  );
}

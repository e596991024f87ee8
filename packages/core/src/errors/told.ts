import { Logger } from '@nestjs/common';
import { ADAPTER_ERROR, isAdapterError, isBranded } from './adapter-error.js';
import { isTenancyError } from './brand.js';

/** An error of this package, or of another one of the family: a scope or a floor explains itself to its developers too. */
export type OwnError = Error & { readonly code: string };

/** An adapter of anybody's may be branded as it likes, and brings its own brand beside that of its base. */
const brandsOf = (error: object): symbol[] => {
  const own = Object.getOwnPropertySymbols(error);
  if (isAdapterError(error)) return [ADAPTER_ERROR, ...own.filter((symbol) => isBranded(error, symbol))];
  return own.filter((symbol) => Symbol.keyFor(symbol)?.startsWith('@tenancy/'));
};

export const isOurs = (error: unknown): error is OwnError =>
  error instanceof Error && typeof (error as { code?: unknown }).code === 'string' && brandsOf(error).length > 0;

/** An error reduced to what the client may know. */
export interface Told extends OwnError {
  readonly extensions: { readonly code: string };
}

const logger = new Logger('Tenancy');

/** Logs what went past everything of Nest's that does; a fault of the caller's own is not logged. */
export function reportRaw(error: OwnError): void {
  if (!isTenancyError(error)) logger.error(error.stack);
  else error.report?.();
}

const tolds = new WeakSet<object>();

/** True when this is what the client may know already. */
export const isTold = (error: OwnError): error is Told => tolds.has(error);

/**
 * Reduces `error` to what the client of GraphQL may know: it is sent `message` and `extensions`, and in development the stack. The rest
 * goes to the log, where Nest has not put it.
 */
export function told(error: OwnError, resolver?: string): Told {
  if (isTenancyError(error)) error.report?.(resolver);
  const { code } = error;
  const brands = Object.fromEntries(brandsOf(error).map((brand) => [brand, true]));
  const known = Object.assign(new Error(code), brands, { name: error.name, stack: code, code, extensions: { code } });
  tolds.add(known);
  return known;
}

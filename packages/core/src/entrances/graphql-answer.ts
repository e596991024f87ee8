import { isTenancyError } from '../errors/brand.js';
import { isOurs, isTold, type OwnError, reportRaw, type Told, told } from '../errors/told.js';
import type { ContextFunction } from './request-of.js';

/** Options of a GraphQL driver, as far as they concern errors. */
export interface DriverOptions {
  formatError?: FormatError;
  errorFormatter?: ErrorFormatter;
  /** Nest makes a function of what the application gives. */
  context?: unknown;
  /** Mercurius' own. */
  subscription?: boolean | null | { readonly context?: ContextFunction };
}

/** Apollo's hook for each error before it is sent, those included that no resolver has thrown. */
type FormatError = (formatted: Formatted, error: unknown) => unknown;

/** Mercurius' hook for all errors of an answer before it is sent. */
type ErrorFormatter = (execution: Execution, context: MercuriusContext) => unknown;

interface Formatted {
  readonly message?: unknown;
  readonly extensions?: unknown;
  readonly path?: unknown;
  readonly locations?: unknown;
}

/** GraphQL's own, around what was thrown. */
interface LocatedError extends Formatted {
  readonly originalError?: { readonly errors?: unknown; readonly statusCode?: unknown };
  toJSON?(): object;
}

interface Execution {
  readonly data?: unknown;
  readonly errors: readonly LocatedError[];
  readonly statusCode?: number;
}

interface Logging {
  readonly log?: { info(about: object, message: unknown): void };
}

interface MercuriusContext {
  readonly reply?: Logging;
  readonly app?: Logging;
}

/** Whatever the driver is: each asks its own, and none the other's. */
export function tellCodes(options: DriverOptions): void {
  options.formatError = toldByApollo(options.formatError);
  options.errorFormatter = toldByMercurius(options.errorFormatter);
  if (typeof options.context === 'function') options.context = toldByContext(options.context as ContextFunction);
}

/** Mercurius hands what its function for the context throws on to Fastify, after asking it a second time. */
function toldByContext(own: ContextFunction): ContextFunction {
  const failed = new WeakMap<object, Error>();
  return async (...about) => {
    const [request] = about as [object];
    const before = failed.get(request);
    if (before) throw before;
    try {
      return await own(...about);
    } catch (error) {
      if (!isOurs(error)) throw error;
      const statusCode = isTenancyError(error) ? error.getStatus() : 500;
      const known = Object.assign(toldLate(error), { statusCode });
      failed.set(request, known);
      throw known;
    }
  };
}

function toldByApollo(own: FormatError = (formatted) => formatted): FormatError {
  return (formatted, error) => {
    const original = (error as LocatedError | null)?.originalError;
    if (!isOurs(original)) return own(formatted, error);
    const { message, extensions } = toldLate(original);
    return own({ message, ...placeOf(formatted), extensions }, error);
  };
}

function toldByMercurius(own: ErrorFormatter = asMercuriusDoes): ErrorFormatter {
  return (execution, context) =>
    own(
      {
        ...execution,
        errors: execution.errors.map((error) => {
          const { originalError: original } = error;
          return isOurs(original) ? inPlaceOf(error, toldLate(original)) : error;
        }),
      },
      context,
    );
}

/** The same error of GraphQL, with what may be told of its cause. */
function inPlaceOf(error: LocatedError, { message, extensions, stack, ...original }: Told): LocatedError {
  const json = { message, ...placeOf(error), extensions };
  const of = (value: unknown) => ({ value, enumerable: true, configurable: true, writable: true });
  return Object.create(error, {
    ...{ message: of(message), extensions: of(extensions), stack: of(stack) },
    ...{ originalError: of(Object.assign(new Error(message), { ...original, stack })), toJSON: of(() => json) },
  }) as LocatedError;
}

const placeOf = ({ locations, path }: Formatted) => ({
  ...(locations !== undefined && { locations }),
  ...(path !== undefined && { path }),
});

/** For an error that no resolver has thrown, and so nobody has logged. */
function toldLate(original: OwnError): Told {
  if (isTold(original)) return original;
  reportRaw(original);
  return told(original);
}

/** Mercurius' own formatter, of which it exports a name that only who depends on it can import. */
function asMercuriusDoes({ data, errors, statusCode }: Execution, { reply, app }: MercuriusContext): object {
  const [first, ...others] = errors;
  const thrown = others.length === 0 ? first?.originalError?.statusCode : undefined;
  const code = typeof thrown === 'number' ? thrown : 200;
  return {
    statusCode: data ? 200 : (statusCode ?? code),
    response: { data: data ?? null, errors: errors.flatMap((error) => formattedBy(error, (reply ?? app)?.log)) },
  };
}

function formattedBy(error: LocatedError, log: Logging['log']): object[] {
  log?.info({ err: error }, error.message);
  const several = error.originalError?.errors;
  return (Array.isArray(several) ? (several as LocatedError[]) : [error]).map(
    (each) => each.toJSON?.() ?? { message: each.message, ...placeOf(each) },
  );
}

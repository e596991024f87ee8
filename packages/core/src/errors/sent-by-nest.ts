import { isTenancyError } from './brand.js';

type ExceptionClass = abstract new (...args: never[]) => unknown;

/**
 * Lets Nest's own exception filters of a transport send the code of a `TenancyError`, and nothing else of it.
 *
 * They ask `exception instanceof RpcException` (or `WsException`), and an error has one base class only, which over HTTP
 * has to be `HttpException`. A filter of ours would not do: a hybrid application without `inheritAppConfig` has no global ones.
 *
 * @param known the class that Nest sends what it says of, and "Internal server error" of all others.
 */
export function sentByNest(known: ExceptionClass): void {
  if (Object.hasOwn(known, Symbol.hasInstance)) return;
  Object.defineProperty(known, Symbol.hasInstance, {
    configurable: true,
    value(this: ExceptionClass, error: unknown) {
      // Subclasses inherit this, and are asked about themselves.
      return (
        (this === known && isTenancyError(error) && 'getError' in error) ||
        Function.prototype[Symbol.hasInstance].call(this, error)
      );
    },
  });
}

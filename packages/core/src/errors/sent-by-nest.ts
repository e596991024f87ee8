import { optionalPeer } from '../peer.js';
import { isTenancyError } from './brand.js';

type ExceptionClass = abstract new (...args: never[]) => unknown;

/** The transports in which Nest sends what one class of exceptions says, and "Internal server error" for all others. */
const exceptions = {
  rpc: ['@nestjs/microservices', 'RpcException'],
  ws: ['@nestjs/websockets', 'WsException'],
} as const;

const done = new Set<string>();

/**
 * Lets Nest's own exception filters of a transport send the code of a `TenancyError`, and nothing else of it.
 *
 * They ask `exception instanceof RpcException` (or `WsException`), and an error has one base class only, which over HTTP
 * has to be `HttpException`. A filter of ours would not do: a hybrid application without `inheritAppConfig` has no global ones.
 */
export function sentByNest(transport: keyof typeof exceptions): void {
  if (done.has(transport)) return;
  done.add(transport);
  const [name, exception] = exceptions[transport];
  const known = optionalPeer<Record<string, ExceptionClass>>(name)?.[exception];
  if (known === undefined || Object.hasOwn(known, Symbol.hasInstance)) return;
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

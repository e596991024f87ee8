import { TenantSwitchRefusedError } from '@tenancy/core';
import type { CapturedTenant, TenantReader } from '@tenancy/core/adapter';
import type { PoolClient } from 'pg';
import type { BoundClient } from '../connections/bound-client.js';
import type { Release } from '../connections/release.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';

type Listener = (...args: unknown[]) => void;

const ADD_LISTENER: ReadonlySet<string | symbol> = new Set([
  'on',
  'once',
  'addListener',
  'prependListener',
  'prependOnceListener',
]);

/**
 * One holder's view of a connection: the pg client itself until it is released, and nothing after that.
 *
 * C8: pg hands the same object to one caller after the other. Whoever keeps it would send a query as the next tenant, so
 * each caller gets an object of its own.
 */
export function checkoutOf(
  client: BoundClient,
  captured: CapturedTenant,
  context: TenantReader,
  release: Release,
): PoolClient {
  let released = false;
  let setsParsers = false;
  const listeners: { readonly event: string; readonly listener: Listener }[] = [];

  const isSwitched = () => captured.tenant && context.isActive() && context.current().id !== captured.tenant.id;

  const own: Readonly<Record<string | symbol, unknown>> = {
    release: (error?: Error | boolean) => {
      released = true;
      // A listener would hear what the connection says to the next tenant.
      for (const { event, listener } of listeners.splice(0)) client.removeListener(event, listener);
      release(error || setsParsers);
    },
    setTypeParser: (...parser: Parameters<BoundClient['setTypeParser']>) => {
      // It would read the next tenant's rows as well, so the connection is closed when it is given back.
      setsParsers = true;
      return client.setTypeParser(...parser);
    },
    query: (...args: [unknown, unknown, unknown]) => {
      if (released) return client.refuse(new TenantFloorError('connection_released', RELEASED), ...args);
      if (isSwitched()) return client.refuse(new TenantSwitchRefusedError(SWITCHED), ...args);
      holdCursor(args[0], isSwitched);
      return client.asHolder(() => client.query(...args));
    },
  };

  return new Proxy(client, {
    get(target, property, checkout) {
      if (Object.hasOwn(own, property)) return own[property];
      const value: unknown = Reflect.get(target, property, target);
      if (!ADD_LISTENER.has(property) || typeof value !== 'function') return value;
      return (event: string, listener: Listener) => {
        if (released) throw new TenantFloorError('connection_released', RELEASED);
        listeners.push({ event, listener });
        Reflect.apply(value, target, [event, listener]);
        return checkout;
      };
    },
  }) as unknown as PoolClient;
}

interface Cursor {
  read?: (rows: number, answer?: (error: Error, rows: never[]) => void) => unknown;
  readonly cursor?: Cursor;
}

/** A cursor fetches further rows without a further query, and a stream by a cursor: each time is asked who wants them. */
function holdCursor(query: unknown, isSwitched: () => unknown): void {
  if (typeof query !== 'object' || query === null || !('submit' in query)) return;
  const cursor = (query as Cursor).cursor ?? (query as Cursor);
  const read = cursor.read;
  if (typeof read !== 'function') return;
  cursor.read = (rows, answer) => {
    if (!isSwitched()) return read.call(cursor, rows, answer);
    const refusal = new TenantSwitchRefusedError(READ_BY_ANOTHER);
    if (!answer) return Promise.reject(refusal);
    process.nextTick(answer, refusal, []);
    return undefined;
  };
}

const RELEASED =
  'a connection was used after it went back to the pool. Release it after its last query, and do not keep it.';

const SWITCHED =
  "a connection that one tenant checked out was used by another. Check one out in each tenant's own context.";

const READ_BY_ANOTHER =
  'a cursor that one tenant opened was read by another. Read it in the context that opened it, and open one in each.';

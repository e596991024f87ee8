import type { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { storage, type TenantStore } from '../context/storage.js';
import { isTenancyError } from '../errors/tenancy-error.js';

const logger = new Logger('Tenancy');
/** Key of the store that a request, or its response, runs with. */
export const STORE = Symbol.for('@tenancy/core:store');
const EMIT = Symbol.for('@tenancy/core:emit');

interface Entered extends EventEmitter {
  [STORE]?: TenantStore;
  [EMIT]?: EventEmitter['emit'];
  /** Of a response: none as long as it waits behind others on its connection. */
  readonly socket?: object | null;
  assignSocket?(socket: object): void;
}

/**
 * Calls the listeners of `message`, a request or its response, in the context of that request, whatever it is that
 * happens: Node tells of a client that has gone in the context of its connection, which has none, or an earlier request's.
 *
 * One function for all of them, as a property of each: it costs half a microsecond a request, where to wrap the
 * listeners would cost one for each of Node's own.
 */
export function callListenersInside(store: TenantStore, message: object | undefined): void {
  if (typeof (message as Partial<Entered> | undefined)?.emit !== 'function') return;
  const entered = message as Entered;
  entered[STORE] = store;
  if (entered.emit === emitInside) return;
  // Of somebody else's, such as of what traces requests.
  if (Object.hasOwn(entered, 'emit')) {
    // Another copy of this package's does the same, and each would take the other's for somebody else's.
    if (Object.hasOwn(entered.emit, EMIT)) return;
    entered[EMIT] = entered.emit;
  }
  entered.emit = emitInside;
}

Object.assign(emitInside, { [EMIT]: true });

function emitInside(this: Entered, ...args: Parameters<EventEmitter['emit']>): boolean {
  const store = this[STORE];
  try {
    // Most of what happens to a request happens inside it, and to enter it once more costs more than all the rest here.
    const isInside = storage.getStore() === store || this.listenerCount(args[0]) === 0;
    return isInside ? emitOf(this, args) : storage.run(store, emitOf, this, args);
  } catch (error) {
    // Thrown out of an event it would end the process, for everybody, whenever somebody sends a request without a tenant.
    if (!isTenancyError(error)) throw error;
    logger.error(`a listener of '${String(args[0])}' of a request asked for the tenant. ${error.message}`, error.stack);
    return true;
  }
}

function emitOf(message: Entered, args: Parameters<EventEmitter['emit']>): boolean {
  // Looked up each time, because Express gives each request another prototype.
  const emit = message[EMIT] ?? (Object.getPrototypeOf(message) as EventEmitter).emit;
  return Reflect.apply(emit, message, args);
}

/**
 * Writes what a response has kept, and calls back, in the context of that response. One that waits behind another on its
 * connection (pipelining) keeps what is written to it, and Node sends it from where the other one ends.
 *
 * Only such a response has no socket when it enters: all others pay for one look at it.
 */
export function flushInside(store: TenantStore, response: object): void {
  const entered = response as Entered;
  if (entered.socket !== null || typeof entered.assignSocket !== 'function') return;
  const { assignSocket } = entered;
  entered.assignSocket = (socket) => storage.run(store, () => assignSocket.call(entered, socket));
}

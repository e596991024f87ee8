import { outsideAnyTenant } from '../context/enter.js';
import { deliveredToSubscriber, isObservable } from '../context/lazy/observable.js';
import { hasMethods } from '../context/methods.js';

type Method = (this: object, ...args: unknown[]) => unknown;

/** A way around a method: `self` is the client that it is called on, and `call` calls it. */
export type Around = (self: object, call: () => unknown, args: readonly unknown[]) => unknown;

const HELD = Symbol.for('@tenancy/core:held');

/**
 * True when `value` is a client of `@nestjs/microservices`, known by its shape, because that package is optional. Others
 * have `send`, `emit` and `connect` as well; `createObserver` is what its transports call with a reply.
 */
export const isClient = (value: unknown): value is object =>
  hasMethods(value, 'send', 'emit', 'connect', 'createObserver');

/**
 * M4: has replies delivered in the context of whoever asked, and connects outside every tenant's. Nest connects when
 * something is sent for the first time, and replies come in the context of the connection.
 *
 * It is done where the methods are, so that other clients of the class, made for a request or by hand, have them too.
 */
export function holdReplies(client: object): void {
  around(client, HELD, {
    send: (_, call) => delivered(call),
    emit: (_, call) => delivered(call),
    connect: (_, call) => outsideAnyTenant(call),
  });
}

/** Goes around methods of a client, where they are: on it, and on what it inherits from. Once, by `mark`. */
export function around(client: object, mark: symbol, ways: Readonly<Record<string, Around>>): void {
  for (let owner: object = client; owner !== Object.prototype && owner !== null; owner = Object.getPrototypeOf(owner)) {
    for (const [name, way] of Object.entries(ways)) hold(owner, name, mark, way);
  }
}

function hold(owner: object, name: string, mark: symbol, way: Around): void {
  const method: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
  if (typeof method !== 'function' || mark in method) return;
  const held: Method = function (...args) {
    return way(this, () => Reflect.apply(method, this, args), args);
  };
  // With the marks of what went around it before.
  for (const known of Object.getOwnPropertySymbols(method)) Object.defineProperty(held, known, { value: true });
  Object.defineProperty(owner, name, {
    value: Object.defineProperty(held, mark, { value: true }),
    configurable: true,
    writable: true,
  });
}

function delivered(call: () => unknown): unknown {
  const replies = call() as object;
  return isObservable(replies) ? deliveredToSubscriber(replies) : replies;
}

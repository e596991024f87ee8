import { outsideAnyTenant } from '../context/enter.js';
import { deliveredToSubscriber, isObservable } from '../context/lazy/observable.js';

type Method = (this: object, ...args: unknown[]) => unknown;

const HELD = Symbol.for('@tenancy/core:held');

/**
 * True when `value` is a client of `@nestjs/microservices`, known by its shape, because that package is optional. Others
 * have `send`, `emit` and `connect` as well; `createObserver` is what its transports call with a reply.
 */
export function isClient(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const { send, emit, connect, createObserver } = value as Readonly<Record<string, unknown>>;
  return [send, emit, connect, createObserver].every((method) => typeof method === 'function');
}

/**
 * M4: has replies delivered in the context of whoever asked, and connects outside every tenant's. Nest connects when
 * something is sent for the first time, and replies come in the context of the connection.
 *
 * It is done where the methods are, so that other clients of the class, made for a request or by hand, have them too.
 */
export function holdReplies(client: object): void {
  for (let owner: object = client; owner !== Object.prototype && owner !== null; owner = Object.getPrototypeOf(owner)) {
    hold(owner, 'send', delivered);
    hold(owner, 'emit', delivered);
    hold(owner, 'connect', (connect) => outsideAnyTenant(connect));
  }
}

function hold(owner: object, name: string, around: (call: () => unknown) => unknown): void {
  const method: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
  if (typeof method !== 'function' || HELD in method) return;
  const held: Method = function (...args) {
    return around(() => Reflect.apply(method, this, args));
  };
  Object.defineProperty(owner, name, {
    value: Object.assign(held, { [HELD]: true }),
    configurable: true,
    writable: true,
  });
}

function delivered(call: () => unknown): unknown {
  const replies = call() as object;
  return isObservable(replies) ? deliveredToSubscriber(replies) : replies;
}

import { storage, type TenantStore } from '../storage.js';
import type { Lazily } from './lazily.js';
import { peek } from './peek.js';

/** True when `value` is an iterator, or iterated asynchronously: what comes next is made when it is asked for. */
export function isIterable(value: object): boolean {
  if (typeof peek(value, Symbol.asyncIterator) === 'function') return true;
  // Collections, such as a Map or a list of one's own, hold what is there already.
  return (
    typeof peek(value, Symbol.iterator) === 'function' && (typeof peek(value, 'next') === 'function' || isPlain(value))
  );
}

/** True when `value` is an object literal. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** `target`, with every method called on it and in the context of `store`; `own` replaces methods. */
export function methodsWithin<T extends object>(
  store: TenantStore,
  target: T,
  lazily: Lazily,
  own: Readonly<Record<string, unknown>> = {},
): T {
  const proxy: T = new Proxy(isFixed(target) ? Object.create(target) : target, {
    get(_, property) {
      if (typeof property === 'string' && Object.hasOwn(own, property)) return own[property];
      const value: unknown = storage.run(store, () => Reflect.get(target, property, target));
      if (typeof value !== 'function' || property === 'constructor') return value;
      return (...args: unknown[]) => {
        const result: unknown = storage.run(store, () => Reflect.apply(value, target, args));
        if (result === target) return proxy;
        // An iterator needs nothing but `next`, by which nothing else could tell what it is.
        if (isIteration(property)) return methodsWithin(store, result as object, lazily);
        return storage.run(store, () => lazily(store, result));
      };
    },
    set: (_, property, value) => Reflect.set(target, property, value, target),
  });
  return proxy;
}

const isIteration = (property: string | symbol) => property === Symbol.iterator || property === Symbol.asyncIterator;

/** True when a proxy could not answer otherwise than `target`, because something of it can never change. */
export function isFixed(target: object): boolean {
  const properties = Object.values(Object.getOwnPropertyDescriptors(target));
  return properties.some(({ configurable, writable }) => !configurable && !writable);
}

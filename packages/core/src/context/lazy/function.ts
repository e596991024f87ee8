import { types } from 'node:util';
import { storage, type TenantStore } from '../storage.js';
import { entriesWithin } from './container.js';
import type { Lazily } from './lazily.js';

/** A class is a name for something, and makes instances rather than work. */
export function isClass(value: object): boolean {
  const own = Object.getOwnPropertyDescriptor(value, 'prototype');
  const prototype: unknown = own?.value;
  if (typeof prototype !== 'object' || prototype === null) return false;
  // `prototype` of a class is fixed; of a function, as which older compilers write classes, it holds their methods.
  return own?.writable === false || Object.getOwnPropertyNames(prototype).length > 1;
}

/**
 * A function that runs in the context of `store`, whoever calls it, and so does what it returns, and so do the functions that an
 * application has put on it. `held` holds those to the store, `lazily` what a call returns.
 */
export const functionWithin =
  (lazily: Lazily, held: Lazily) =>
  (store: TenantStore, fn: (...args: unknown[]) => unknown): ((...args: unknown[]) => unknown) => {
    const handler: ProxyHandler<typeof fn> = {
      apply: (target, self, args) => storage.run(store, () => lazily(store, Reflect.apply(target, self, args))),
      construct: (target, args, made) => storage.run(store, () => Reflect.construct(target, args, made) as object),
    };
    // Most have nothing on them. A proxy must answer as it is with what can never change.
    if (!types.isProxy(fn) && holdsMethods(fn)) handler.get = entriesWithin(store, fn, held);
    return new Proxy(fn, handler);
  };

function holdsMethods(fn: object): boolean {
  const own = Object.keys(fn).map((key) => Object.getOwnPropertyDescriptor(fn, key));
  return own.length > 0 && own.every((property) => property?.configurable || property?.writable);
}

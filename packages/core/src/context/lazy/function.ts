import { type Corridor, storage } from '../storage.js';
import type { Lazily } from './lazily.js';

/** A class is a name for something, and makes instances rather than work. */
export function isClass(value: object): boolean {
  const prototype: unknown = (value as { prototype?: unknown }).prototype;
  if (typeof prototype !== 'object' || prototype === null) return false;
  // `prototype` of a class is fixed; of a function, as which older compilers write classes, it holds their methods.
  return (
    Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false ||
    Object.getOwnPropertyNames(prototype).length > 1
  );
}

/** A function that runs inside `corridor`, whoever calls it, and so does what it returns. */
export const functionWithin =
  (lazily: Lazily) =>
  (corridor: Corridor, fn: (...args: unknown[]) => unknown): ((...args: unknown[]) => unknown) =>
    new Proxy(fn, {
      apply: (target, self, args) => storage.run(corridor, () => lazily(corridor, Reflect.apply(target, self, args))),
    });

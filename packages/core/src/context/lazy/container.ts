import { types } from 'node:util';
import type { Corridor } from '../storage.js';
import type { Lazily } from './lazily.js';
import { isFixed, isPlain } from './methods.js';

/** Whether `value` is an array or an object literal, which hold what work returned together. */
export function isContainer(value: object): boolean {
  return (Array.isArray(value) || isPlain(value)) && !types.isProxy(value);
}

/**
 * The same array or object when nothing in it is lazy, at any depth; else one whose entries are made lazy when they are
 * taken out. It is not copied: what is written to it is written to the original.
 */
export function containerWithin(
  corridor: Corridor,
  container: object,
  lazily: Lazily,
  isLazy: (value: object) => unknown,
): object {
  if (!holdsSomething(container, isLazy)) return container;
  const known = new WeakMap<object, unknown>();
  return new Proxy(isFixed(container) ? copyOf(container) : container, {
    get(_, property) {
      const value: unknown = Reflect.get(container, property, container);
      if (typeof value !== 'object' && typeof value !== 'function') return value;
      if (value === null || !Object.hasOwn(container, property)) return value;
      if (!known.has(value)) known.set(value, lazily(corridor, value));
      return known.get(value);
    },
  });
}

const copyOf = (container: object): object => (Array.isArray(container) ? [...container] : { ...container });

/** Breadth first, and each object once: data may be deep, and refer to itself. */
function holdsSomething(container: object, isLazy: (value: object) => unknown): boolean {
  const found = new Set([container]);
  for (const each of found) {
    for (const key in each) {
      const value = (each as Record<string, unknown>)[key];
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || found.has(value)) continue;
      if (isLazy(value)) return true;
      if (isContainer(value)) found.add(value);
    }
  }
  return false;
}

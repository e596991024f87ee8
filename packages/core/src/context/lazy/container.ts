import { types } from 'node:util';
import { OWN_TENANT } from '../own-tenant.js';
import { storage, type TenantStore } from '../storage.js';
import type { Lazily } from './lazily.js';
import { isFixed, isPlain } from './methods.js';
import { isGetter } from './peek.js';

/** True when `value` is an array or an object literal, which hold what work returned together. */
export function isContainer(value: object): boolean {
  return !types.isProxy(value) && (Array.isArray(value) || isPlain(value));
}

/**
 * The same array or object when nothing in it is lazy, at any depth; else one whose entries are made lazy when they are
 * taken out. It is not copied: what is written to it is written to the original.
 */
export function containerWithin(
  store: TenantStore,
  container: object,
  lazily: Lazily,
  isLazy: (value: object) => unknown,
): object {
  if (!holdsSomething(container, isLazy)) return container;
  return new Proxy(isFixed(container) ? copyOf(container) : container, {
    get: entriesWithin(store, container, lazily),
  });
}

/** Takes an entry out of `container` as something lazy; what it only inherits is no entry. */
export function entriesWithin(store: TenantStore, container: object, lazily: Lazily) {
  const known = new WeakMap<object, unknown>();
  return (_: object, property: PropertyKey): unknown => {
    const value: unknown =
      Object.hasOwn(container, property) && isGetter(container, property)
        ? storage.run(store, () => Reflect.get(container, property, container))
        : Reflect.get(container, property, container);
    if (typeof value !== 'object' && typeof value !== 'function') return value;
    if (value === null || !Object.hasOwn(container, property)) return value;
    if (!known.has(value)) known.set(value, lazily(store, value));
    return known.get(value);
  };
}

/** A copy that can be changed, and whose getters have not been called. */
function copyOf(container: object): object {
  const properties = Object.getOwnPropertyDescriptors(container);
  for (const property of Object.values(properties)) {
    property.configurable = true;
    if ('value' in property) property.writable = true;
  }
  if (!Array.isArray(container)) return Object.create(Object.getPrototypeOf(container), properties);
  const { length, ...entries } = properties as typeof properties & { readonly length: PropertyDescriptor };
  return Object.defineProperties(new Array(length.value as number), entries);
}

/** From how many entries on it costs less to remember an object than to look through it again. */
const LARGE = 32;

/**
 * Data may be deep, and refer to itself. It is mostly rows: each field of one costs 30 ns, most of which is asking
 * whether it is a getter; rows that hold no other objects are not remembered.
 */
function holdsSomething(container: object, isLazy: (value: object) => unknown): boolean {
  let seen: Set<object> | undefined;
  const open = [container];
  for (let each = open.pop(); each; each = open.pop()) {
    if (seen?.has(each)) continue;
    // Those that are not enumerable too, and symbols: who takes one out has it just the same.
    const keys: PropertyKey[] = Object.getOwnPropertyNames(each);
    const symbols = Object.getOwnPropertySymbols(each);
    if (symbols.length > 0) keys.push(...symbols);
    let isLeaf = keys.length < LARGE;
    for (const key of keys) {
      // Code that runs later, as a function is.
      if (isGetter(each, key)) return true;
      const value = (each as Record<PropertyKey, unknown>)[key];
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
      if (types.isDate(value)) continue;
      if (isRow(value)) open.push(value);
      else if (isLazy(value)) return true;
      else if (isContainer(value)) open.push(value);
      else continue;
      isLeaf = false;
    }
    if (!isLeaf) (seen ??= new Set()).add(each);
  }
  return false;
}

/**
 * True when `value` is an object literal or a list, and nothing more than what its entries are: asked of each before the kinds
 * of lazy things are tried one by one, which costs ten times as much.
 */
export function isRow(value: object): boolean {
  if (typeof value !== 'object' || types.isProxy(value)) return false;
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype || 'next' in value) return false;
  } else if (!isPlain(value) || Symbol.iterator in value) return false;
  return !('then' in value || 'subscribe' in value || Symbol.asyncIterator in value || OWN_TENANT in value);
}

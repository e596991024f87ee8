import { LRUCache } from 'lru-cache';
import type { Placement } from '../connections/isolation.js';
import { type Access, type Binding, encodeBinding } from '../protocol/binding.js';

/** Encoded bindings of the tenants that were here last: encoding one costs as much as sending it. */
export class BindingCache {
  readonly #bindings = new LRUCache<string, Binding>({ max: 10_000 });

  of(settings: Placement['settings'], access: Access = 'write'): Binding {
    // Neither a setting's name nor a value that PostgreSQL takes has a NUL in it.
    let key = typeof access === 'string' ? access : 'replica';
    for (const [name, value] of settings) key += `${name}\0${value}\0`;
    const known = this.#bindings.get(key);
    // Of positions, the last is kept.
    if (known && isSame(known.access, access)) return known;
    const binding = encodeBinding(settings, access);
    this.#bindings.set(key, binding);
    return binding;
  }
}

/** Under one key both are positions, or neither is. */
function isSame(known: Access, access: Access): boolean {
  return known === access || (known as { replayed?: string }).replayed === (access as { replayed?: string }).replayed;
}

import { LRUCache } from 'lru-cache';
import { type Binding, encodeBinding } from '../protocol/binding.js';
import type { Placement } from './isolation.js';

/** Encoded bindings of the tenants that were here last: encoding one costs as much as sending it. */
export class BindingCache {
  readonly #bindings = new LRUCache<string, Binding>({ max: 10_000 });

  of(settings: Placement['settings']): Binding {
    // Neither a setting's name nor a value that PostgreSQL takes has a NUL in it.
    let key = '';
    for (const [name, value] of settings) key += `${name}\0${value}\0`;
    const known = this.#bindings.get(key);
    if (known) return known;
    const binding = encodeBinding(settings);
    this.#bindings.set(key, binding);
    return binding;
  }
}

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { storage, type TenantStore } from '../storage.js';
import type { Lazily } from './lazily.js';
import { peek } from './peek.js';

const BOUND = Symbol.for('@tenancy/core:bound');

const IMPLEMENTATION = ['_read', '_write', '_writev', '_final', '_flush', '_destroy'] as const;

type Method = (...args: unknown[]) => unknown;
type Implementation = Partial<Record<(typeof IMPLEMENTATION)[number] | 'push', Method | null>> & {
  readonly _writableState?: { readonly sync: boolean; readonly length: number };
  [BOUND]?: true;
};

/** True when `value` is a stream of Node's, to read from or to write to, or of a library that is built on them. */
export function isStream(value: object): value is Readable | Writable | Duplex {
  if (typeof peek(value, 'pipe') !== 'function') return false;
  return (
    (typeof peek(value, '_read') === 'function' && '_readableState' in value) ||
    (typeof peek(value, '_write') === 'function' && '_writableState' in value)
  );
}

/**
 * The same stream, whose implementation (`_read`, `_write`, …) runs in the context of `store`; its reader gets data and events, and its
 * writer is called back, in their own context. What is in use already, and what only reads or writes a connection, is left alone.
 */
export const streamWithin =
  (lazily: Lazily) =>
  <T extends Readable | Writable | Duplex>(store: TenantStore, stream: T): T => {
    const own = stream as Implementation;
    if (own[BOUND] || isInUse(stream) || stream instanceof Socket || stream instanceof IncomingMessage) return stream;
    let reader = storage.getStore();
    const replace = (name: keyof Implementation, value: unknown) =>
      Object.defineProperty(stream, name, { value, configurable: true, writable: true });
    replace(BOUND, true);
    for (const name of IMPLEMENTATION) {
      const method = own[name];
      if (typeof method !== 'function' || (name === '_final' && isFinalOfTransform(stream))) continue;
      replace(name, (...args: unknown[]) => {
        const caller = storage.getStore();
        if (name === '_read') reader = caller;
        const given = args.map((arg) =>
          typeof arg === 'function' ? (...results: unknown[]) => storage.run(caller, () => arg(...results)) : arg,
        );
        return storage.run(store, () => Reflect.apply(method, stream, given));
      });
    }
    const { push } = own;
    if (typeof push !== 'function') return stream;
    replace('push', (chunk: unknown, ...rest: unknown[]) =>
      storage.run(reader, () => Reflect.apply(push, stream, [lazily(store, chunk), ...rest])),
    );
    return stream;
  };

/** True when somebody reads it already; or, of what can only be written to, has written to it: Node is never `sync` again then. */
function isInUse(stream: Readable | Writable): boolean {
  if ('_readableState' in stream) return (stream as Readable).readableFlowing === true;
  const { sync, length } = (stream as Implementation)._writableState ?? {};
  return sync === false || (length ?? 0) > 0;
}

/**
 * True when `_final` is the one that every `Transform` has. It runs `_flush` and nothing else, and `Transform` runs `_flush`
 * again when it finds another one in its place.
 */
function isFinalOfTransform(stream: object): boolean {
  let transform: object | undefined;
  for (let at: object | null = Object.getPrototypeOf(stream); at; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, '_transform')) transform = at;
  return (
    transform !== undefined &&
    Object.hasOwn(transform, '_final') &&
    (transform as Implementation)._final === (stream as Implementation)._final
  );
}

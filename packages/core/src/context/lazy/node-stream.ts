import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type Corridor, storage } from '../storage.js';
import type { Lazily } from './lazily.js';

const BOUND = Symbol.for('@tenancy/core:bound');

type Method = (...args: unknown[]) => unknown;
type Implementation = Partial<
  Record<'_read' | '_write' | '_writev' | '_final' | '_destroy' | 'push', Method | null>
> & {
  [BOUND]?: true;
};

/** Whether `value` is a stream of Node's that can be read, or of a library that is built on them. */
export function isReadable(value: object): value is Readable {
  const { _read, pipe, _readableState } = value as Partial<Readable> & { readonly _readableState?: unknown };
  return typeof _read === 'function' && typeof pipe === 'function' && typeof _readableState === 'object';
}

/**
 * The same stream, whose implementation (`_read`, `_write`, …) runs inside `corridor`; its reader gets data and events in its own
 * context. What flows already, and what only reads a connection, runs nobody's code when it is read.
 */
export const streamWithin =
  (lazily: Lazily) =>
  (corridor: Corridor, stream: Readable): Readable => {
    const own = stream as Implementation;
    if (own[BOUND] || stream.readableFlowing || stream instanceof Socket || stream instanceof IncomingMessage)
      return stream;
    let reader = storage.getStore();
    const replace = (name: keyof Implementation, value: unknown) =>
      Object.defineProperty(stream, name, { value, configurable: true, writable: true });
    replace(BOUND, true);
    for (const name of ['_read', '_write', '_writev', '_final', '_destroy'] as const) {
      const method = own[name];
      if (typeof method !== 'function') continue;
      replace(name, (...args: unknown[]) => {
        const caller = storage.getStore();
        if (name === '_read') reader = caller;
        const given = args.map((arg) =>
          typeof arg === 'function' ? (...results: unknown[]) => storage.run(caller, () => arg(...results)) : arg,
        );
        return storage.run(corridor, () => Reflect.apply(method, stream, given));
      });
    }
    const { push } = stream;
    replace('push', (chunk: unknown, ...rest: unknown[]) =>
      storage.run(reader, () => Reflect.apply(push, stream, [lazily(corridor, chunk), ...rest])),
    );
    return stream;
  };

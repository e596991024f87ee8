import { storage, type TenantStore } from '../storage.js';
import type { Lazily } from './lazily.js';
import { webStreamWithin } from './web-stream.js';

/** A stream that writes into `sink` in the context of `store`, and holds no lock of it in between. */
export function webSinkWithin(store: TenantStore, sink: WritableStream<unknown>): WritableStream<unknown> {
  // Somebody else writes to it.
  if (sink.locked) return sink;
  const within = (ask: (writer: WritableStreamDefaultWriter<unknown>) => Promise<void>) =>
    storage.run(store, () => {
      const writer = sink.getWriter();
      try {
        return ask(writer);
      } finally {
        writer.closed.catch(() => {});
        writer.releaseLock();
      }
    });
  return new WritableStream({
    write: (chunk) => within((writer) => writer.write(chunk)),
    close: () => within((writer) => writer.close()),
    abort: (reason) => within((writer) => writer.abort(reason)),
  });
}

/** The same, with both of its sides in the context of `store`. */
export const webTransformWithin =
  (lazily: Lazily) =>
  (store: TenantStore, transform: TransformStream<unknown, unknown>): TransformStream<unknown, unknown> => {
    let sides: { readonly readable: unknown; readonly writable: unknown } | undefined;
    return new Proxy(transform, {
      get(_, property) {
        if (property !== 'readable' && property !== 'writable') return Reflect.get(transform, property, transform);
        sides ??= {
          readable: webStreamWithin(lazily)(store, transform.readable),
          writable: webSinkWithin(store, transform.writable),
        };
        return sides[property];
      },
    });
  };

import { storage, type TenantStore } from '../storage.js';
import type { Lazily } from './lazily.js';
import { peek } from './peek.js';

/** A stream that reads `source` in the context of `store`, chunk by chunk as it is read itself. */
export const webStreamWithin =
  (lazily: Lazily) =>
  (store: TenantStore, source: ReadableStream<unknown>): ReadableStream<unknown> => {
    // Somebody else reads it.
    if (source.locked) return source;
    const within = <R>(fn: () => R) => storage.run(store, fn);
    const type = isByteStream(source) ? ('bytes' as const) : undefined;
    const reader = source.getReader();
    const underlying = {
      type,
      async pull(controller: ReadableStreamDefaultController & Partial<ReadableByteStreamController>) {
        const { done, value } = await within(() => reader.read());
        if (!done) return controller.enqueue(lazily(store, value));
        controller.close();
        controller.byobRequest?.respond(0);
      },
      cancel: (reason: unknown) => within(() => reader.cancel(reason)),
    };
    // Nothing is read ahead.
    return new ReadableStream(underlying as ConstructorParameters<typeof ReadableStream>[0], { highWaterMark: 0 });
  };

function isByteStream(source: ReadableStream): boolean {
  try {
    source.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/** True when `value` is a web `Response` made here: what `fetch` answered reads a connection, and knows where it came from. */
export function isPlainResponse(value: object): value is Response {
  // Node looks the global up, so it is asked for last.
  return (
    'bodyUsed' in value &&
    peek(value, 'constructor') === Response &&
    (value as Response).url === '' &&
    (value as Response).body !== null
  );
}

/** The same answer, with its body read in the context of `store`. */
export const responseWithin =
  (lazily: Lazily) =>
  (store: TenantStore, response: Response): Response => {
    const { body, status, statusText, headers } = response;
    if (!body || body.locked) return response;
    const within = webStreamWithin(lazily)(store, body);
    return new Response(within as ReadableStream, { status, statusText, headers });
  };

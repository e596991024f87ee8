import { types } from 'node:util';
import { StreamableFile } from '@nestjs/common';
import { OWN_TENANT } from '../own-tenant.js';
import { storage, type TenantStore } from '../storage.js';
import { isThenable } from '../thenable.js';
import { containerWithin, isContainer, isRow } from './container.js';
import { functionWithin, isClass } from './function.js';
import { isIterable, isPlain, methodsWithin } from './methods.js';
import { isStream, streamWithin } from './node-stream.js';
import { isObservable, observableWithin } from './observable.js';
import { peek } from './peek.js';
import { webSinkWithin, webTransformWithin } from './web-sink.js';
import { isPlainResponse, responseWithin, webStreamWithin } from './web-stream.js';

/**
 * The result of work in the context of `store`, such that whatever of it runs later runs there too: what was not begun by then
 * would otherwise run as whoever begins it. What is not lazy is returned as it is.
 *
 * A thenable is awaited at once. Everything else begins when its reader wants it to, stays what it was (`instanceof`,
 * backpressure, cancellation), and is handed over in the reader's own context.
 */
export function inside<R>(store: TenantStore, value: R): R {
  if (!isObject(value)) return value;
  return (!isRow(value) && isDeferred(value) ? awaited(store, value) : later(store, value)) as R;
}

/** As {@link inside}, for what is found within something else: nobody may ever await it, so it is not begun either. */
export function later(store: TenantStore, value: unknown): unknown {
  if (!isObject(value)) return value;
  const isData = isRow(value);
  const within = isData ? undefined : wayInto(value);
  if (within) return within(store, value);
  return isData || isContainer(value) ? containerWithin(store, value, later, wayInto) : value;
}

type Way<T> = (store: TenantStore, value: T) => unknown;

function wayInto(value: object): Way<object> | undefined {
  try {
    return wayOf(value) as Way<object> | undefined;
  } catch (error) {
    // A proxy may refuse to be asked for anything, such as one that is revoked.
    if (types.isProxy(value)) return undefined;
    throw error;
  }
}

// Each way takes the kind of value that is asked for right before it.
function wayOf(value: object): Way<never> | undefined {
  if (OWN_TENANT in value) return undefined;
  // A thenable stands for what it resolves to, whatever else it is: a query builder may be a stream as well.
  if (isDeferred(value)) return isPlainPromise(value) ? awaited : thenable;
  if (typeof value === 'function') return isClass(value) ? undefined : callable;
  // A proxy has what its traps say: some answer with a function whatever they are asked for.
  if (types.isProxy(value)) return undefined;
  if (isObservable(value)) return observable;
  if (isStream(value)) return stream;
  if ('getStream' in value && value instanceof StreamableFile) return file;
  if ('getReader' in value && value instanceof ReadableStream) return webStream;
  if ('getWriter' in value && value instanceof WritableStream) return webSinkWithin;
  if ('writable' in value && value instanceof TransformStream) return webTransform;
  if (isPlainResponse(value)) return response;
  return isIterable(value) ? iterable : undefined;
}

/** True when `value` is a thenable, as far as that can be asked without running a getter of a literal. */
function isDeferred(value: object): value is PromiseLike<unknown> {
  try {
    return types.isProxy(value) || !isPlain(value) ? isThenable(value) : typeof peek(value, 'then') === 'function';
  } catch {
    // Strict proxies refuse to be asked for what they do not have.
    return false;
  }
}

function awaited(store: TenantStore, value: PromiseLike<unknown>): Promise<unknown> {
  if (!isPlainPromise(value)) {
    return new Promise((resolve, reject) => value.then(resolve, reject)).then((result) => inside(store, result));
  }
  // What is kept on a promise stays there, such as the `child` of `promisify(execFile)`.
  return Object.assign(
    value.then((result) => inside(store, result)),
    value,
  );
}

// A plain promise is running already; a subclass may override `then` to start late.
function isPlainPromise(value: PromiseLike<unknown>): value is Promise<unknown> {
  return value instanceof Promise && value.then === Promise.prototype.then;
}

function thenable(store: TenantStore, value: PromiseLike<unknown>): unknown {
  const start = () => storage.run(store, () => awaited(store, value));
  return methodsWithin(store, value, later, {
    // biome-ignore lint/suspicious/noThenProperty: it stays the thenable that it was.
    then: (...handlers: Parameters<Promise<unknown>['then']>) => start().then(...handlers),
    catch: (handler: Parameters<Promise<unknown>['catch']>[0]) => start().catch(handler),
    finally: (handler: Parameters<Promise<unknown>['finally']>[0]) => start().finally(handler),
  });
}

const callable = functionWithin(inside, later);
/** `fn`, called in the context of `store`, whatever else it may be. */
export function functionInside<F extends (...args: never[]) => unknown>(store: TenantStore, fn: F): F {
  return callable(store, fn as unknown as (...args: unknown[]) => unknown) as unknown as F;
}

const observable = observableWithin(later);
const stream = streamWithin(later);
const webStream = webStreamWithin(later);
const webTransform = webTransformWithin(later);
const response = responseWithin(later);
const iterable = (store: TenantStore, value: object) => methodsWithin(store, value, inside);

function file(store: TenantStore, value: StreamableFile): StreamableFile {
  stream(store, value.getStream());
  return value;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

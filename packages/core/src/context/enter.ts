import { type Corridor, storage } from './storage.js';
import { isThenable } from './thenable.js';

/**
 * Runs `fn` inside `corridor`. C5: only ever `run`, never `enterWith`, which would leak into whatever runs next.
 *
 * C1: what `fn` returns may be lazy (a Prisma query starts when it is awaited, a generator when it is consumed),
 * so a thenable is awaited, and a generator advanced, inside the corridor too.
 */
export function enter<R>(corridor: Corridor, fn: () => R): R {
  return storage.run(corridor, () => startInside(corridor, fn()));
}

/** Runs `fn` outside every tenant's context, whoever calls. */
export function outside<R>(fn: () => R): R {
  return storage.run(undefined, fn);
}

function startInside<R>(corridor: Corridor, result: R): R {
  if (isThenable(result)) {
    return isPlainPromise(result) ? result : (new Promise((resolve, reject) => result.then(resolve, reject)) as R);
  }
  return isGenerator(result) ? (generatorInside(corridor, result) as R) : result;
}

// A plain promise is running already; a subclass may override `then` to start late.
function isPlainPromise(value: PromiseLike<unknown>): boolean {
  return value instanceof Promise && value.then === Promise.prototype.then;
}

function isGenerator(value: unknown): value is AsyncGenerator {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object AsyncGenerator]' || tag === '[object Generator]';
}

function generatorInside(corridor: Corridor, generator: AsyncGenerator): AsyncGenerator {
  return new Proxy(generator, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (property === Symbol.asyncIterator || property === Symbol.iterator) {
        return function self(this: unknown) {
          return this;
        };
      }
      return (...args: unknown[]) => storage.run(corridor, () => Reflect.apply(value, target, args));
    },
  });
}

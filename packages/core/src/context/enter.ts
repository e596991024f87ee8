import { inside } from './lazy/inside.js';
import { type Corridor, storage } from './storage.js';

/**
 * Runs `fn` inside `corridor`, and so what it returns. C5: only ever `run`, never `enterWith`, which would leak into
 * whatever runs next.
 *
 * C1: what `fn` returns may be lazy (a Prisma query starts when it is awaited, an Observable when it is subscribed to).
 */
export function enter<R>(corridor: Corridor, fn: () => R): R {
  return storage.run(corridor, () => inside(corridor, fn()));
}

/** Runs `fn` outside every tenant's context, whoever calls. */
export function outside<R>(fn: () => R): R {
  return storage.run(undefined, fn);
}

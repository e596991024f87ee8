const WALL = Symbol.for('@tenancy/core:wall');

/** Marks a client of the library's own, so that the start-up check knows it from a raw one, whichever copy has made it. */
export function markWall<T extends object>(client: T): T {
  Object.defineProperty(client, WALL, { value: true });
  return client;
}

/** True for what {@link markWall} has marked, or inherits from it. */
export const isWall = (client: unknown): boolean =>
  ((typeof client === 'object' && client !== null) || typeof client === 'function') && WALL in client;

const KEY = Symbol.for('@tenancy/core:behind');
const shared = globalThis as { [KEY]?: WeakMap<object, object> };

/** Shared by every copy of this package: a subpath may be loaded as ESM, and the admin as CommonJS. */
const hidden: WeakMap<object, object> = (shared[KEY] ??= new WeakMap());

/** Remembers what stands behind a client that is a tenant's own, for the admin alone. */
export const hideBehind = (wall: object, raw: object): void => void hidden.set(wall, raw);

/** The client that {@link hideBehind} has remembered; `undefined` for anything else. */
export const behind = (wall: object): object | undefined => hidden.get(wall);

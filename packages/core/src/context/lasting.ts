import type { TenantStore } from './storage.js';

const lasting = new WeakSet<TenantStore>();

/** Marks the store of what lives long, such as a socket: what is kept for a request is not kept for all of it. */
export function markLasting(store: TenantStore): void {
  lasting.add(store);
}

/** True for what {@link markLasting} has marked. */
export const isLasting = (store: TenantStore): boolean => lasting.has(store);

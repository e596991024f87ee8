import type { TenantStore } from '../storage.js';

/** Keeps what a lazy value gave in the context that it was made in. Handed to each kind, as they hold each other. */
export type Lazily = (store: TenantStore, value: unknown) => unknown;

import type { Corridor } from '../storage.js';

/** Keeps what a lazy value gave inside the corridor that it was made in. Handed to each kind, as they hold each other. */
export type Lazily = (corridor: Corridor, value: unknown) => unknown;

import type { INestApplication } from '@nestjs/common';
import type { Observation } from './recorder.js';

/**
 * Hears what leaves an application by one way. Called once, with the running application; calls `saw` for each thing.
 *
 * @example
 * ```ts
 * import type { Observer } from '@tenancy/testing';
 *
 * const searches: string[] = [];
 * const searchIndex: Observer = (app, saw) => {
 *   const index = app.get<{ add(document: object): void }>('SEARCH_INDEX');
 *   const add = index.add.bind(index);
 *   index.add = (document) => {
 *     saw({ exit: 'search', name: 'add', payload: document });
 *     add(document);
 *   };
 * };
 * ```
 */
export type Observer = (app: INestApplication, saw: (observation: Observation) => void) => void | Promise<void>;

/** Takes down one observation. */
export type Saw = Parameters<Observer>[1];

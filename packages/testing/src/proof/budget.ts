import type { ProofOptions } from './proof-options.js';
import { Limit } from './target/limit.js';

/** So many times the budget of one entrance is there for the fresh applications. */
export const ENTRANCES_OF_WORLDS = 10;

/** The time of a proof, as it is left for its parts. */
export class Budget {
  readonly #began = performance.now();
  readonly #entrance: number;
  readonly #all: number;

  constructor({ entrance = Number.POSITIVE_INFINITY, all = Number.POSITIVE_INFINITY }: ProofOptions['budget'] = {}) {
    this.#entrance = entrance;
    this.#all = all;
  }

  /** For an entrance that begins now. */
  forEntrance(): Limit {
    const now = performance.now();
    return new Limit(Math.min(now + this.#entrance, this.#began + this.#all));
  }

  /** As much as for up to ten entrances, as each is called in all of the worlds, and half of the time for all. */
  forWorlds(entrances: number): Limit {
    const time = Math.min(this.#entrance * Math.min(entrances, ENTRANCES_OF_WORLDS), this.#all / 2);
    return new Limit(Math.min(performance.now() + time, this.#began + this.#all));
  }
}

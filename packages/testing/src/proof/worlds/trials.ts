import type { Attempt, Target } from '../target/target.js';

/** The calls of all worlds. An entrance that hangs or breaks off in one is left out of what follows, and keeps no other from being tried. */
export class Trials {
  readonly #givenUp = new Map<string, string>();

  /** Why they were given up, by the ids of entrances. */
  get givenUp(): ReadonlyMap<string, string> {
    return this.#givenUp;
  }

  /** The outcome of a call; null where the entrance is given up. @throws Error once the time for all is over. */
  async attempt(target: Target, call: () => Promise<Attempt>): Promise<Attempt | null> {
    const { id } = target.entrance;
    if (this.#givenUp.has(id)) return null;
    try {
      return await call();
    } catch (error) {
      if (performance.now() > target.deadline) throw error;
      this.#givenUp.set(id, error instanceof Error ? error.message : String(error));
      return null;
    }
  }
}

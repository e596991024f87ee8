import type { Seen } from '../row.js';

export interface Counts {
  right: number;
  /** Another's. */
  wrong: number;
  none: number;
}

/** The tenant each thing was done for, beside the one it should have been. */
export class Log {
  readonly #counts = new Map<string, Counts>();

  note(what: string, expected: Seen, found: Seen): void {
    const counts = this.#counts.get(what) ?? { right: 0, wrong: 0, none: 0 };
    this.#counts.set(what, counts);
    if (found === expected) counts.right += 1;
    else if (found === 'none') counts.none += 1;
    else counts.wrong += 1;
  }

  total(what: string): number {
    const { right, wrong, none } = this.#counts.get(what) ?? { right: 0, wrong: 0, none: 0 };
    return right + wrong + none;
  }

  get counts(): Readonly<Record<string, Counts>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => a.localeCompare(b)));
  }
}

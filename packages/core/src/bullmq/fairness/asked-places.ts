/** So many jobs of one tenant, each of which takes `step` of the virtual time. */
export interface Asked {
  readonly lane: string;
  readonly count: number;
  readonly step: number;
}

interface Waiting {
  readonly asked: Asked;
  readonly resolve: (start: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Places that are asked for before jobs are added, one round trip at a time. What is asked for meanwhile goes together with the next, so that a
 * busy process makes few of them, and two jobs that are added one after the other stay in that order.
 */
export class AskedPlaces {
  #waiting: Waiting[] = [];
  #asking = false;

  constructor(private readonly starts: (asked: readonly Asked[]) => Promise<readonly number[]>) {}

  /** The tag of the first of the jobs. */
  ask(asked: Asked): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ asked, resolve, reject });
      if (!this.#asking) void this.#askAll();
    });
  }

  async #askAll(): Promise<void> {
    this.#asking = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        const starts = await this.starts(together.map(({ asked }) => asked));
        together.forEach(({ resolve }, index) => {
          resolve(starts[index] as number);
        });
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#asking = false;
  }
}

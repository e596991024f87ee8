import { backendOf } from './backend.js';
import { postgresTags } from './postgres-tags.js';
import { redisTags } from './redis-tags.js';

/** So many jobs of one tenant, each of which takes `step` of the virtual time. */
export interface Asked {
  readonly lane: string;
  readonly count: number;
  readonly step: number;
}

export interface Answer {
  /** The tag of the first job of each of those that were asked for. */
  readonly starts: readonly number[];
  /** Jobs that are due and have no place yet. */
  readonly more: boolean;
}

/** The state of a queue, which gives tags to several tenants at once and places to what is due, atomically. */
export type Tags = (asked: readonly Asked[]) => Promise<Answer>;

interface Waiting {
  readonly asked: Asked;
  readonly resolve: (start: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The virtual time of one queue, as one process asks for it: one round trip at a time. What is asked for meanwhile goes together with the next,
 * so that a busy process makes few of them, and two jobs that are added one after the other stay in that order.
 */
export class QueueClock {
  #waiting: Waiting[] = [];
  #asking = false;
  #admitting = 0;
  #tags: Promise<Tags> | undefined;

  constructor(
    private readonly producer: object,
    private readonly name: string,
    private readonly prefix: string | undefined,
  ) {}

  /** The tag of the first of the jobs that are asked for. */
  start(asked: Asked): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ asked, resolve, reject });
      if (!this.#asking) void this.#ask();
    });
  }

  /** Places for what is due, unless it was asked for within so many milliseconds. */
  admit(every: number): void {
    const now = Date.now();
    if (now < this.#admitting + every) return;
    this.#admitting = now;
    // The next one tries again. A job must not fail because of the turn of others.
    this.#admitAll().catch(() => undefined);
  }

  async #admitAll(): Promise<void> {
    const tags = await this.#connected();
    while ((await tags([])).more) this.#admitting = Date.now();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        const tags = await this.#connected();
        const { starts } = await tags(together.map(({ asked }) => asked));
        together.forEach(({ resolve }, index) => {
          resolve(starts[index] as number);
        });
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#asking = false;
  }

  #connected(): Promise<Tags> {
    if (this.#tags) return this.#tags;
    const connecting = backendOf(this.producer, this.prefix).then((backend) =>
      backend.kind === 'redis' ? redisTags(backend, this.name) : postgresTags(backend, this.name),
    );
    this.#tags = connecting;
    // A server that was not there yet is tried again by the next job.
    connecting.catch(() => {
      this.#tags = undefined;
    });
    return connecting;
  }
}

import { backendOf } from './backend.js';
import { postgresTags } from './postgres-tags.js';
import { redisTags } from './redis-tags.js';

/** So many jobs of one lane (a tenant's own queue in the queue), each of which takes `step` of the virtual time. */
export interface Asked {
  readonly lane: string;
  readonly count: number;
  readonly step: number;
}

/** The state of a queue, which is asked for the start tags of several lanes at once, atomically. */
export type Tags = (asked: readonly Asked[]) => Promise<number[]>;

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

  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        const tags = await (this.#tags ??= this.#connect());
        const starts = await tags(together.map(({ asked }) => asked));
        together.forEach(({ resolve }, index) => {
          resolve(starts[index] as number);
        });
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#asking = false;
  }

  #connect(): Promise<Tags> {
    const connecting = backendOf(this.producer, this.prefix).then((backend) =>
      backend.kind === 'redis' ? redisTags(backend, this.name) : postgresTags(backend, this.name),
    );
    // What failed once, a server that was not there yet, is tried again by the next job.
    connecting.catch(() => {
      this.#tags = undefined;
    });
    return connecting;
  }
}

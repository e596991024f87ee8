import { outsideAnyTenant } from '../../context/enter.js';
import { type Asked, AskedPlaces } from './asked-places.js';
import { backendOf, poolOf } from './backend.js';
import { postgresPlaces } from './postgres-places.js';
import { redisPlaces } from './redis-places.js';
import { LATER, prioritiesFrom } from './tags.js';

/** The state of a queue, which is shared by all processes. */
export interface Places {
  /** Gives places to the jobs that wait without one, in one atomic step, and says whether there are more of them. */
  place(): Promise<boolean>;
  /** The tag of the first job of each who asks, where jobs have their places before they are added. */
  starts?(asked: readonly Asked[]): Promise<readonly number[]>;
}

/** Milliseconds, and jobs that were started, after which this process looks again. */
const EVERY = { milliseconds: 20, jobs: 32 } as const;

/** The turns of one queue, as one process sees to them. */
export class QueueTurns {
  #asked = 0;
  #jobs = 0;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #places: Promise<Places> | undefined;
  readonly #before: AskedPlaces;

  constructor(
    private readonly producer: object,
    private readonly name: string,
    private readonly prefix: string | undefined,
  ) {
    this.#before = new AskedPlaces(async (asked) => (await this.#connected()).starts?.(asked) ?? []);
  }

  /** Priorities of jobs that are about to be added: {@link LATER} for those that get their place when they wait for a worker. */
  priorities({ count, step, lane }: Asked, later: boolean): number[] | Promise<number[]> {
    if (!later && poolOf(this.producer))
      return outsideAnyTenant(() => this.#before.ask({ count, step, lane })).then((start) =>
        prioritiesFrom(start, count, step),
      );
    this.#soon();
    return new Array<number>(count).fill(LATER);
  }

  /** Once what is being added now has arrived. Where that takes longer, or this process ends before, a worker does it. */
  #soon(): void {
    this.#timer ??= setTimeout(() => void this.#run(), EVERY.milliseconds).unref();
  }

  started(): void {
    this.#jobs += 1;
    if (this.#jobs >= EVERY.jobs || this.#isTime()) void this.#run();
  }

  ending(): Promise<void> | undefined {
    return this.#isTime() ? this.#run() : undefined;
  }

  #isTime(): boolean {
    return Date.now() >= this.#asked + EVERY.milliseconds;
  }

  #run(): Promise<void> {
    if (this.#running) return this.#running;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#jobs = 0;
    // Of all tenants, whoever's job this is.
    this.#running = outsideAnyTenant(() => this.#placeAll()).finally(() => {
      this.#asked = Date.now();
      this.#running = undefined;
    });
    return this.#running;
  }

  async #placeAll(): Promise<void> {
    try {
      const places = await this.#connected();
      while (await places.place()) {
        // Until none is left.
      }
    } catch {
      // A job does not fail because of the turn of others. Whoever comes next tries again.
    }
  }

  #connected(): Promise<Places> {
    if (this.#places) return this.#places;
    const connecting = backendOf(this.producer, this.prefix).then((backend) =>
      backend.kind === 'redis' ? redisPlaces(backend, this.name) : postgresPlaces(backend, this.name),
    );
    this.#places = connecting;
    connecting.catch(() => {
      this.#places = undefined;
    });
    return connecting;
  }
}

import { TenantFloorError } from '../errors/tenant-floor-error.js';

interface Waiter {
  /** Half of its time is over. */
  pressing: boolean;
  timer: NodeJS.Timeout | undefined;
  readonly admit: () => void;
  readonly refuse: (error: TenantFloorError) => void;
}

export interface DatabasePlacesOptions {
  readonly places: number;
  /** Milliseconds that somebody waits when all places are taken. */
  readonly patience: number;
  /** Called when the number of those who wait, or how long they have waited, may call for closing a database. */
  readonly onDemand: () => void;
  /** Resolves when it is known which of the databases still answer; `undefined` where none is being asked. */
  readonly verdict: () => Promise<unknown> | undefined;
}

/** Milliseconds for the users of a database that does not answer to go, once they have been told. */
const FAREWELL = 100;

/** The places for open databases. Whoever finds none free waits in line; a place that is given back goes to the first. */
export class DatabasePlaces {
  readonly #options: DatabasePlacesOptions;
  #free: number;
  /** Places whose database is being closed: each is as good as given to one of the line, from its head. */
  #returning = 0;
  readonly #line: Waiter[] = [];

  constructor(options: DatabasePlacesOptions) {
    this.#options = options;
    this.#free = options.places;
  }

  /** How many more databases have to be closed for those in line. */
  get wanted(): number {
    return Math.max(0, this.#line.length - this.#returning);
  }

  /** Whether somebody for whom nothing is being closed has waited for half of its time. */
  get isPressing(): boolean {
    return this.#line[this.#returning]?.pressing ?? false;
  }

  /** @throws `tenant_databases_exhausted` when no place came free in time. */
  take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((admit, refuse) => {
      const waiter: Waiter = { pressing: false, timer: undefined, admit, refuse };
      this.#line.push(waiter);
      this.#options.onDemand();
      this.#wait(waiter);
    });
  }

  /** Gives a place back once its database is closed. */
  giveBack(closed: Promise<void>): void {
    this.#returning++;
    void closed.then(() => {
      this.#returning--;
      const next = this.#line.shift();
      if (next) {
        clearTimeout(next.timer);
        next.admit();
      } else {
        this.#free++;
      }
      this.#options.onDemand();
    });
  }

  /** Sends everybody in line away. */
  refuseAll(error: TenantFloorError): void {
    for (const { timer, refuse } of this.#line.splice(0)) {
      clearTimeout(timer);
      refuse(error);
    }
  }

  #wait(waiter: Waiter): void {
    const half = this.#options.patience / 2;
    if (half === 0) {
      this.#giveUp(waiter);
      return;
    }
    waiter.timer = setTimeout(() => {
      waiter.pressing = true;
      waiter.timer = setTimeout(() => this.#giveUp(waiter), half).unref();
      this.#options.onDemand();
    }, half).unref();
  }

  #giveUp(waiter: Waiter): void {
    const verdict = this.#options.verdict();
    if (verdict && this.#options.patience > 0) {
      void verdict.then(() => {
        waiter.timer = setTimeout(() => this.#giveUp(waiter), FAREWELL).unref();
      });
      return;
    }
    const position = this.#line.indexOf(waiter);
    // For the head of the line a database is being closed already, which is a matter of milliseconds.
    if (position < this.#returning) return;
    this.#line.splice(position, 1);
    waiter.refuse(exhausted(this.#options));
    this.#options.onDemand();
  }
}

function exhausted({ places, patience }: DatabasePlacesOptions): TenantFloorError {
  return new TenantFloorError(
    'tenant_databases_exhausted',
    `all ${places} databases that may be open at once are in use, and none came free within ${patience} ms. Raise ` +
      '`maxDatabases` (the server’s `max_connections` must allow for it) or `acquireTimeoutMillis`, or hold connections ' +
      'for a shorter time.',
  );
}

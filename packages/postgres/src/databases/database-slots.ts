import { TenantFloorError } from '../errors/tenant-floor-error.js';

interface Waiter {
  /** Half of its time is over. */
  pressing: boolean;
  timer: NodeJS.Timeout | undefined;
  readonly admit: () => void;
  readonly refuse: (error: TenantFloorError) => void;
}

export interface DatabaseSlotsOptions {
  readonly slots: number;
  /** Milliseconds that somebody waits when all slots are taken. */
  readonly timeout: number;
  /** Called when the number of those who wait, or how long they have waited, may call for closing a database. */
  readonly onDemand: () => void;
  /** Resolves when it is known which of the databases still answer; `undefined` where none is being asked. */
  readonly verdict: () => Promise<unknown> | undefined;
}

/** Milliseconds for the users of a database that does not answer to go, once they have been told. */
const LEAVE_TIMEOUT = 100;

/** The slots for open databases. Whoever finds none free waits in the queue; a slot that is given back goes to the first. */
export class DatabaseSlots {
  readonly #options: DatabaseSlotsOptions;
  #free: number;
  /** Slots whose database is being closed: each is as good as given to one of the queue, from its head. */
  #returning = 0;
  readonly #queue: Waiter[] = [];

  constructor(options: DatabaseSlotsOptions) {
    this.#options = options;
    this.#free = options.slots;
  }

  /** How many more databases have to be closed for those in the queue. */
  get wanted(): number {
    return Math.max(0, this.#queue.length - this.#returning);
  }

  /** True when somebody for whom nothing is being closed has waited for half of its time. */
  get isPressing(): boolean {
    return this.#queue[this.#returning]?.pressing ?? false;
  }

  /** @throws `tenant_databases_exhausted` when no slot came free in time. */
  take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((admit, refuse) => {
      const waiter: Waiter = { pressing: false, timer: undefined, admit, refuse };
      this.#queue.push(waiter);
      this.#options.onDemand();
      this.#wait(waiter);
    });
  }

  /** Gives a slot back once its database is closed. */
  giveBack(closed: Promise<void>): void {
    this.#returning++;
    void closed.then(() => {
      this.#returning--;
      const next = this.#queue.shift();
      if (next) {
        clearTimeout(next.timer);
        next.admit();
      } else {
        this.#free++;
      }
      this.#options.onDemand();
    });
  }

  /** Sends everybody in the queue away. */
  refuseAll(error: TenantFloorError): void {
    for (const { timer, refuse } of this.#queue.splice(0)) {
      clearTimeout(timer);
      refuse(error);
    }
  }

  #wait(waiter: Waiter): void {
    const half = this.#options.timeout / 2;
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
    if (verdict && this.#options.timeout > 0) {
      void verdict.then(() => {
        waiter.timer = setTimeout(() => this.#giveUp(waiter), LEAVE_TIMEOUT).unref();
      });
      return;
    }
    const position = this.#queue.indexOf(waiter);
    // For the head of the queue a database is being closed already, which is a matter of milliseconds.
    if (position < this.#returning) return;
    this.#queue.splice(position, 1);
    waiter.refuse(exhausted(this.#options));
    this.#options.onDemand();
  }
}

function exhausted({ slots, timeout }: DatabaseSlotsOptions): TenantFloorError {
  return new TenantFloorError(
    'tenant_databases_exhausted',
    `all ${slots} databases that may be open at once are in use, and none came free within ${timeout} ms. Raise ` +
      "`maxDatabases` (the server's `max_connections` must allow for it) or `acquireTimeoutMillis`, or hold connections " +
      'for a shorter time.',
  );
}

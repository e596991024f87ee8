import type { Tenant } from '../tenant.js';
import type { Lease, Lock } from './lock/clock-lock.js';
import { retried } from './retried.js';

/** For a connection that is cut in the middle of a tick. */
const SHORT = [50, 200, 1_000];

/** A lease that is renewed while its work lasts. */
export class HeldLease {
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #lock: Lock;
  readonly lease: Lease;

  /** @param onTrouble - told of what the lock's place throws, and of the loss. */
  constructor(lock: Lock, lease: Lease, duration: number, onTrouble: (error: unknown) => void) {
    this.#lock = lock;
    this.lease = lease;
    this.#timer = setInterval(() => {
      lock.renew(lease, duration).then((ours) => {
        if (!ours) this.#lose();
      }, onTrouble);
    }, duration / 3);
  }

  /** Aborted when somebody else has it: they took this process for dead. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async begin(tenant: Tenant): Promise<boolean> {
    let isAgain = false;
    const begin = () => {
      const begun = this.#lock.begin(this.lease, tenant.id, isAgain);
      isAgain = true;
      return begun;
    };
    const state = await retried(begin, this.lost, SHORT);
    if (state === 'lost') this.#lose();
    return state === 'begun';
  }

  async finish(tenant: Tenant): Promise<void> {
    await retried(() => this.#lock.finish(this.lease, tenant.id), this.lost, SHORT);
  }

  /** Marks all as done, or lets others go on. */
  async close(isDone: boolean): Promise<void> {
    clearInterval(this.#timer);
    if (this.lost.aborted) return;
    if (isDone) await this.#lock.end(this.lease);
    else await this.#lock.release(this.lease);
  }

  /** Leaves the lease to end by itself, for what still runs. */
  abandon(): void {
    clearInterval(this.#timer);
  }

  #lose(): void {
    clearInterval(this.#timer);
    this.#lost.abort(new Error('another process has taken this over, as if this one were dead'));
  }
}

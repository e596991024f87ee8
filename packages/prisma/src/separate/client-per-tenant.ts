import { TenantScopeError } from '../errors/tenant-scope-error.js';

interface Held<Client> {
  readonly client: Client;
  leases: number;
  /** What is to be done when nothing uses it any more, once it is evicted. */
  close: (() => void) | null;
}

/**
 * A client for each key, made when it is first needed. At most `max` are kept; the one that was not used for longest goes
 * first, and is disconnected when nothing uses it any more.
 */
export class ClientPerTenant<Client extends { $disconnect(): Promise<void> }> {
  readonly #create: (key: string) => Client;
  readonly #max: number;
  /** In the order of their last use. */
  readonly #held = new Map<string, Held<Client>>();
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;

  constructor(create: (key: string) => Client, { max = 50 }: { readonly max?: number } = {}) {
    if (!Number.isInteger(max) || max < 1) {
      throw new TenantScopeError(
        'scope_misconfigured',
        'tenantScoped: the option `maxClients` is no number of clients from 1 on.',
      );
    }
    this.#create = create;
    this.#max = max;
  }

  /**
   * @throws what the factory throws; the next lease tries again.
   * @throws `scope_refused` after `close`.
   */
  lease(key: string): { readonly client: Client; release(): void } {
    if (this.#isClosed) throw new TenantScopeError('scope_refused', 'the client was disconnected. Make a new one.');
    const held = this.#held.get(key) ?? { client: this.#create(key), leases: 0, close: null };
    this.#held.delete(key);
    this.#held.set(key, held);
    held.leases += 1;
    if (this.#held.size > this.#max) this.#evictOldest();
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      held.leases -= 1;
      if (held.leases === 0) held.close?.();
    };
    return { client: held.client, release };
  }

  /** Disconnects every client as soon as nothing uses it; settles when all are. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#held.size > 0) this.#evictOldest();
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  #evictOldest(): void {
    const [[key, held] = []] = this.#held;
    if (key === undefined || !held) return;
    this.#held.delete(key);
    const closing = new Promise<void>((resolve) => {
      held.close = resolve;
    })
      // What fails to disconnect is gone all the same.
      .then(() => held.client.$disconnect().catch(() => {}))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    if (held.leases === 0) held.close?.();
  }
}

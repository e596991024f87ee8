import { misconfigured } from '../errors/misconfigured.js';
import { TenantScopeError } from '../errors/tenant-scope-error.js';

interface Held<Client> {
  readonly client: Client;
  leases: number;
}

/**
 * A client for each key, made when it is first needed. At most `max` are kept: beyond that, the one of those not in use
 * that was not used for longest is disconnected. Only as many as are in use at once can be more.
 */
export class ClientPerTenant<Client extends { $disconnect(): Promise<void> }> {
  readonly #create: (key: string) => Client;
  readonly #max: number;
  /** In the order of their last use. */
  readonly #held = new Map<string, Held<Client>>();
  readonly #disconnecting = new Set<Promise<void>>();
  #isClosed = false;
  #onEmpty = () => {};

  constructor(create: (key: string) => Client, { max = 50 }: { readonly max?: number } = {}) {
    if (!Number.isInteger(max) || max < 1) {
      throw misconfigured('tenantScoped: the option `maxClients` is no number of clients from 1 on.');
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
    const held = this.#held.get(key) ?? { client: this.#create(key), leases: 0 };
    held.leases += 1;
    this.#touch(key, held);
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      held.leases -= 1;
      this.#touch(key, held);
    };
    return { client: held.client, release };
  }

  /** Disconnects every client as soon as nothing uses it; settles when all are. */
  readonly close = (): Promise<void> => (this.#closing ??= this.#close());
  #closing: Promise<void> | undefined;

  async #close(): Promise<void> {
    this.#isClosed = true;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      this.#evict();
    });
    await Promise.all(this.#disconnecting);
  }

  #touch(key: string, held: Held<Client>): void {
    this.#held.delete(key);
    this.#held.set(key, held);
    this.#evict();
  }

  /** A client in use stays: to evict it would make a second client for its key, while the first is there as well. */
  #evict(): void {
    const most = this.#isClosed ? 0 : this.#max;
    for (const [key, { client, leases }] of this.#held) {
      if (this.#held.size <= most) break;
      if (leases > 0) continue;
      this.#held.delete(key);
      const disconnecting = disconnect(client).finally(() => this.#disconnecting.delete(disconnecting));
      this.#disconnecting.add(disconnecting);
    }
    if (this.#held.size === 0) this.#onEmpty();
  }
}

/** A client that fails to disconnect is gone all the same. */
async function disconnect(client: { $disconnect(): Promise<void> }): Promise<void> {
  await Promise.resolve(client.$disconnect()).catch(() => {});
}

import type { Duplex } from 'node:stream';
import { Client, type ClientConfig, type Pool } from 'pg';
import { unreachable } from '../errors/unreachable.js';

/** Milliseconds for a server to close a connection; then the socket is cut. */
export const CLOSE_TIMEOUT = 5_000;

type AnyClient = Client & { readonly connection: NodeJS.EventEmitter & { readonly stream: Duplex } };

/**
 * Every connection of a pool, from when it is begun until its socket is closed. pg-pool forgets those that it closes, and
 * waits without end for a server that accepts a connection and says nothing.
 */
export class PoolConnections {
  readonly #pool: Pool;
  readonly #all = new Set<AnyClient>();
  /** Those that the server has not let in yet, and since when. */
  readonly #opening = new Map<AnyClient, number>();
  #onEmpty = () => {};

  /** @param timeout - milliseconds for a server to let a connection in, where the pool has no `connectionTimeoutMillis` */
  constructor(pool: Pool, timeout: number) {
    this.#pool = pool;
    const making = pool as unknown as { Client: new (config: unknown) => AnyClient };
    making.Client = new Proxy(making.Client, {
      construct: (Made, config) => {
        const client: AnyClient = Reflect.construct(Made, config);
        this.#watch(client, pool.options.connectionTimeoutMillis === undefined ? timeout : 0);
        return client;
      },
    });
  }

  get size(): number {
    return this.#all.size;
  }

  /** Closes every socket; whoever waits for an answer gets `error`. */
  cut(error?: Error): void {
    for (const client of this.#all) client.connection.stream.destroy(error);
  }

  /** Gives up the connections that were not let in within `timeout`, when there is no other. */
  cutUnanswered(timeout: number): void {
    // What has arrived while this process was busy is read first.
    setImmediate(() => {
      if (this.#opening.size < this.#all.size) return;
      const before = performance.now() - timeout;
      for (const [client, since] of this.#opening) {
        if (since <= before) client.connection.stream.destroy(unreachable(timeout));
      }
    });
  }

  /** Cuts all, if the server does not answer a newcomer either: nobody can say that of a query that takes its time. */
  async cutIfSilent(timeout: number): Promise<void> {
    if (!(await answersNewcomer(this.#pool.options, timeout))) this.cut(unreachable(timeout));
  }

  /** Waits for `end`, which waits for whoever still uses a connection, for as long as the server answers anybody. */
  async seeOut(end: Promise<void>): Promise<void> {
    let isOver = false;
    const over = end.finally(() => {
      isOver = true;
    });
    while (!(await settlesWithin(over, CLOSE_TIMEOUT)) && !isOver) await this.cutIfSilent(CLOSE_TIMEOUT);
    return over;
  }

  /** Resolves when every socket is closed; those that the server does not close in time are cut. */
  closed(timeout = CLOSE_TIMEOUT): Promise<void> {
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.cut();
        resolve();
      }, timeout).unref();
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #watch(client: AnyClient, timeout: number): void {
    this.#all.add(client);
    this.#opening.set(client, performance.now());
    const giveUp = () => client.connection.stream.destroy(unreachable(timeout));
    const timer = timeout > 0 ? setTimeout(giveUp, timeout).unref() : undefined;
    client.once('connect', () => {
      clearTimeout(timer);
      this.#opening.delete(client);
    });
    client.connection.once('end', () => {
      clearTimeout(timer);
      this.#opening.delete(client);
      this.#all.delete(client);
      if (this.#all.size === 0) this.#onEmpty();
    });
  }
}

/** True when a server answers a new connection at all: a refusal is an answer, too. */
async function answersNewcomer(config: ClientConfig, timeout: number): Promise<boolean> {
  // pg's own time limit would look like a refusal. The password is there and is no property that a spread copies.
  const client = new Client({ ...config, password: config.password, connectionTimeoutMillis: 0 }) as AnyClient;
  client.on('error', () => {});
  let heard = false;
  client.connection.once('message', () => {
    heard = true;
  });
  const connecting = client.connect().then(
    () => client.end(),
    () => {},
  );
  const settled = await settlesWithin(connecting, timeout);
  // What has arrived while this process was busy is read first.
  await new Promise((resolve) => setImmediate(resolve));
  client.connection.stream.destroy();
  return settled || heard;
}

/** Keeps no process alive by itself; what it waits for does. */
function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds).unref();
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

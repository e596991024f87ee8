import { Logger } from '@nestjs/common';
import pg, { type ClientConfig } from 'pg';
import { CHANNEL } from './directory-tables.js';

/** Told of a change of one tenant, by its id, or without one where any may have changed. */
export type Changed = (id?: string) => void;

/** Milliseconds between two looks at the connection, and those in which it has to answer. */
const ALIVE = { every: 3_000, within: 3_000 };
/** Milliseconds of the first pause before it is tried again, and of the longest. */
const PAUSE = { first: 100, longest: 5_000 };

const logger = new Logger('Tenancy');

/**
 * One connection that hears of changes, for all who ask. While it is lost nothing is heard, so both its loss and its return count as a
 * change of every tenant. Nothing of it keeps the process alive.
 */
export class DirectoryListener {
  readonly #config: ClientConfig;
  readonly #told = new Set<Changed>();
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #tries = 0;
  #isLost = false;

  constructor(config: ClientConfig) {
    this.#config = config;
  }

  /** @returns what ends it, once its connection is closed. */
  add(changed: Changed): () => Promise<void> {
    // A function of its own, so that each who asks ends only what is its own.
    const told: Changed = (id) => changed(id);
    this.#told.add(told);
    if (this.#told.size === 1) void this.#connect();
    return async () => {
      if (this.#told.delete(told) && this.#told.size === 0) await this.close();
    };
  }

  async close(): Promise<void> {
    this.#told.clear();
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client) await ended(client);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      application_name: 'tenancy directory, listening',
      keepAlive: true,
      connectionTimeoutMillis: PAUSE.longest,
      ...this.#config,
    });
    this.#client = client;
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    client.on('notification', ({ channel, payload }) => {
      if (channel === CHANNEL && this.#client === client) this.#tell(payload || undefined);
    });
    unref(client);
    try {
      await client.connect();
      unref(client);
      await within(client.query(`listen ${CHANNEL}`));
    } catch (error) {
      this.#lose(client, error);
      return;
    }
    if (this.#client !== client) return;
    this.#tries = 0;
    if (this.#isLost) logger.log('Changes of tenants are heard again.');
    this.#isLost = false;
    // Whatever was said before it listened was said to nobody.
    this.#tell();
    this.#later(ALIVE.every, () => void this.#look(client));
  }

  /** Finds a connection that nobody closed and nothing comes through, and one of a pooler that listens for somebody else. */
  async #look(client: pg.Client): Promise<void> {
    try {
      const asked = client.query<{ listens: unknown }>({
        text: 'select 1 as listens from pg_listening_channels() c where c = $1',
        values: [CHANNEL],
      });
      const { rows } = await within(asked);
      if (rows.length === 0) throw new Error('the session that listened is not that of this connection any more');
      if (this.#client === client) this.#later(ALIVE.every, () => void this.#look(client));
    } catch (error) {
      this.#lose(client, error);
    }
  }

  #lose(client: pg.Client, error?: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    clearTimeout(this.#timer);
    void ended(client);
    if (!this.#isLost) {
      const why = error instanceof Error && error.message !== '' ? `: ${error.message}` : '';
      logger.warn(
        `Changes of tenants are not heard at the moment${why}. Until they are, a suspension holds within the \`ttl\` of the cache.`,
      );
    }
    this.#isLost = true;
    const pause = Math.min(PAUSE.first * 2 ** Math.min(this.#tries, 10), PAUSE.longest);
    this.#tries += 1;
    // Not all processes at once, when the server is there again.
    this.#later(pause * (0.5 + Math.random() / 2), () => void this.#connect());
    this.#tell();
  }

  #later(millis: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, millis).unref();
  }

  #tell(id?: string): void {
    for (const told of this.#told) {
      try {
        told(id);
      } catch (error) {
        logger.error('A change of a tenant was heard, and whoever was told has thrown.', error);
      }
    }
  }
}

/** A method that the types of `pg` do not have. Called before it connects and after, when there may be another socket, of TLS. */
function unref(client: pg.Client): void {
  (client as unknown as { unref(): void }).unref();
}

async function within<R>(work: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database did not answer in time')), ALIVE.within).unref();
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Closes it, in an orderly way where that is quick. */
async function ended(client: pg.Client): Promise<void> {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } })
    .connection;
  const timer = setTimeout(() => stream.destroy(), 200).unref();
  await client.end().catch(() => {});
  clearTimeout(timer);
}

import type { Client } from 'pg';
import { processOf } from '../../direct/connect-directly.js';

/** A connection is opened anew after this many targets: its server process keeps what it knows of each (O8). */
const TARGETS_PER_CONNECTION = 250;

/** The connections of a run's workers, each by its number. */
export class Workers {
  readonly #open = new Map<number, { readonly client: Client; left: number }>();

  constructor(private readonly connect: () => Promise<Client>) {}

  /** The ids of their server processes. */
  get processes(): readonly number[] {
    return [...this.#open.values()].map(({ client }) => processOf(client));
  }

  /** The connection for a worker's next target. */
  async client(worker: number): Promise<Client> {
    const open = this.#open.get(worker);
    if (open && open.left > 0) {
      open.left -= 1;
      return open.client;
    }
    await this.drop(worker);
    const client = await this.connect();
    this.#open.set(worker, { client, left: TARGETS_PER_CONNECTION - 1 });
    return client;
  }

  async drop(worker: number): Promise<void> {
    const open = this.#open.get(worker);
    this.#open.delete(worker);
    await open?.client.end().catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((worker) => this.drop(worker)));
  }
}

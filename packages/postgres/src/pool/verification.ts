import type { AsyncResource } from 'node:async_hooks';
import type { PoolClient } from 'pg';
import type { BoundClient } from '../connections/bound-client.js';
import type { Isolation } from '../connections/isolation.js';
import { releaseOf } from '../connections/release.js';
import type { StartChecks } from '../connections/start-check.js';
import { runStartChecks } from '../connections/start-checks.js';

type Connect = (callback: (error: Error | undefined, client: PoolClient | undefined) => void) => void;

/** The start-up checks of a pool: passed once, and until then run for whoever asks, all at a time together. */
export class Verification {
  readonly #connect: Connect;
  readonly #nobody: AsyncResource;
  readonly #isolation: Isolation;
  readonly #checks: StartChecks;
  #running: Promise<void> | undefined;
  #isDone: boolean;

  /** `connect` is pg's own, and called in the context of `nobody`. */
  constructor(connect: Connect, nobody: AsyncResource, isolation: Isolation, checks: StartChecks) {
    this.#connect = connect;
    this.#nobody = nobody;
    this.#isolation = isolation;
    this.#checks = checks;
    // There each database holds one tenant, and the pool's own connection may lead nowhere.
    this.#isDone = isolation.strategy === 'database-per-tenant';
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  run(): Promise<void> {
    if (this.#isDone) return Promise.resolve();
    return (this.#running ??= this.#check().finally(() => {
      this.#running = undefined;
    }));
  }

  async #check(): Promise<void> {
    const client = await new Promise<BoundClient & PoolClient>((resolve, reject) =>
      this.#nobody.runInAsyncScope(() =>
        this.#connect((error, found) => (found ? resolve(found as BoundClient & PoolClient) : reject(error))),
      ),
    );
    const release = releaseOf(client, client.release);
    // The query that waits is told as well; without a listener the process would end.
    const tolerate = () => {};
    client.on('error', tolerate);
    try {
      await new Promise<void>((resolve, reject) => client.whenSetUp((error) => (error ? reject(error) : resolve())));
      await runStartChecks(client, this.#isolation, this.#checks);
      this.#isDone = true;
      release();
    } catch (error) {
      release(true);
      throw error;
    } finally {
      client.off('error', tolerate);
    }
  }
}

import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';

/** A server of its own that stops as its operator would stop it, and comes back with its data on the same port. */
export class RestartedServer {
  #again: { readonly ended: Promise<unknown> } | undefined;

  private constructor(
    readonly url: string,
    readonly data: string,
    readonly end: () => Promise<void>,
  ) {}

  static async start(): Promise<RestartedServer> {
    const server = await startPostgres({ settings: { max_connections: '100' } });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query('show data_directory');
    await client.end();
    return new RestartedServer(server.url, rows[0].data_directory, () => server.stop());
  }

  /** Ends all sessions and the server. */
  async halt(): Promise<void> {
    process.kill(Number((await this.#state())[0]), 'SIGINT');
    // The process itself is its parent's to bury; its file goes last.
    while ((await this.#state()).length > 1) await sleep(20);
    await this.#again?.ended;
  }

  async revive(): Promise<void> {
    const [command, { uid, gid }] = await Promise.all([
      readFile(join(this.data, 'postmaster.opts'), 'utf8'),
      stat(this.data),
    ]);
    const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: 'ignore', cwd: '/', uid, gid });
    this.#again = { ended: new Promise((resolve) => child.on('exit', resolve)) };
    while (!(await this.#isReady())) await sleep(20);
  }

  async stop(): Promise<void> {
    if (this.#again) await this.halt();
    await this.end();
  }

  async #isReady(): Promise<boolean> {
    return (await this.#state())[7]?.startsWith('ready') ?? false;
  }

  async #state(): Promise<readonly string[]> {
    return (await readFile(join(this.data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  }
}

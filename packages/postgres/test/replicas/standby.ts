import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chown, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../database/free-port.js';

/** Ends the server when its standard input ends: with the process that started it, however that ends. */
const GUARD = '"$@" >>"$0" 2>&1 & read -r _; kill -INT $!; wait $!';

/** Without the files that are the primary's own. Its log comes over the wire. */
const COPY = `cp -R "$1" "$2" && chmod 700 "$2" && rm -rf "$2"/postmaster.* "$2"/pg_wal/[0-9A-F]* "$2"/pg_replslot/*`;

/** A physical replica of a server of `startPostgres`, made from a copy of its data while it runs. */
export class Standby {
  readonly url: string;
  readonly port: number;
  readonly #data: string;
  readonly #command: readonly string[];
  readonly #account: { readonly uid: number; readonly gid: number };
  #child: ChildProcess | undefined;

  private constructor(url: string, data: string, command: readonly string[], account: { uid: number; gid: number }) {
    this.url = url;
    this.port = Number(new URL(url).port);
    this.#data = data;
    this.#command = command;
    this.#account = account;
  }

  /** @param primaryUrl - of the superuser. The server's own folder holds the copy as well, and is deleted with it. */
  static async of(primaryUrl: string): Promise<Standby> {
    const client = new pg.Client({ connectionString: primaryUrl });
    await client.connect();
    const { rows } = await client.query('show data_directory');
    const from: string = rows[0].data_directory;
    const { uid, gid } = await stat(from);
    const data = join(dirname(from), `standby-${randomBytes(4).toString('hex')}`);
    await client.query(`select pg_backup_start('standby', true)`);
    await promisify(execFile)('/bin/sh', ['-c', COPY, 'copy', from, data], { uid, gid, cwd: '/' });
    const stopped = await client.query('select labelfile from pg_backup_stop(false)');
    await client.end();
    const port = await freePort();
    for (const [file, text] of [
      ['backup_label', stopped.rows[0].labelfile],
      ['standby.signal', ''],
    ] as const) {
      await writeFile(join(data, file), text);
      await chown(join(data, file), uid, gid);
    }
    const options = await readFile(join(from, 'postmaster.opts'), 'utf8');
    const command = [...options.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    const own = command.map((word) => (word === from ? data : word.startsWith('port=') ? `port=${port}` : word));
    const url = Object.assign(new URL(primaryUrl), { port: String(port) }).href;
    const standby = new Standby(url, data, own, { uid, gid });
    await standby.follow(primaryUrl);
    await standby.start();
    return standby;
  }

  /** The same database as another role. */
  urlAs(user: string, password: string): string {
    return Object.assign(new URL(this.url), { username: user, password }).href;
  }

  async start(): Promise<void> {
    this.#child = spawn('/bin/sh', ['-c', GUARD, `${this.#data}.log`, ...this.#command], {
      ...{ stdio: ['pipe', 'ignore', 'ignore'], cwd: '/', detached: true },
      ...this.#account,
    });
    for (let tries = 0; ; tries += 1) {
      try {
        await this.ask('select 1');
        return;
      } catch (error) {
        if (tries === 600) throw new Error(await readFile(`${this.#data}.log`, 'utf8'), { cause: error });
        await sleep(50);
      }
    }
  }

  /** Ends all sessions and the server; its data stays. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    child.stdin?.end();
    await once(child, 'exit');
  }

  /** As a power cut ends it. */
  async kill(): Promise<void> {
    const pid = Number((await readFile(join(this.#data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGQUIT');
    await this.stop();
  }

  /** Follows this server from its next start on. */
  async follow(primaryUrl: string): Promise<void> {
    const { hostname, port, username, password } = new URL(primaryUrl);
    await this.set('primary_conninfo', `host=${hostname} port=${port} user=${username} password=${password}`);
  }

  /** A setting from its next start on. */
  async set(name: string, value: string): Promise<void> {
    await appendFile(join(this.#data, 'postgresql.auto.conf'), `${name} = '${value}'\n`);
  }

  async pause(): Promise<void> {
    await this.ask('select pg_wal_replay_pause()');
    while ((await this.ask('select pg_get_wal_replay_pause_state() as state'))[0].state !== 'paused') await sleep(10);
  }

  async resume(): Promise<void> {
    await this.ask('select pg_wal_replay_resume()');
  }

  async promote(): Promise<void> {
    await this.ask('select pg_promote(true)');
  }

  ask(sql: string) {
    return askOf(this.url, sql);
  }
}

/** The rows of a statement of its own, as whoever the URL says. */
export async function askOf(connectionString: string, sql: string) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

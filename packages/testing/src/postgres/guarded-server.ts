import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.js';

/**
 * The shell that creates the server, then waits for its standard input to end. That happens when the owner closes it, and
 * also when the owner exits, crashes or is killed: the operating system closes it then. So no signal handler is needed in
 * the application, and `kill -9` leaves nothing behind. Data that is thrown away needs no checkpoint: SIGQUIT.
 */
const GUARD = `
directory=$1 bin=$2
shift 2
cd "$directory" || exit 1
if "$bin/initdb" -D "$directory/data" --pwfile=password -U postgres --auth=scram-sha-256 -c scram_iterations=1 \
  --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 \
  --no-sync --no-instructions --no-data-checksums --wal-segsize=1 >log 2>&1
then
  "$bin/postgres" -D "$directory/data" "$@" 2>>log &
  exec >/dev/null
  read -r _
  kill -QUIT $!
  wait $!
else
  exec >/dev/null
  read -r _
fi
cd /
rm -rf "$directory"
`;

export interface ServerPlace {
  readonly directory: string;
  readonly bin: string;
  readonly account: Account;
}

/** One PostgreSQL process and the shell that guards it. */
export class GuardedServer {
  readonly #guard: ChildProcess;
  readonly #directory: string;
  #ended = false;
  #stopped: Promise<void> | undefined;

  constructor({ directory, bin, account }: ServerPlace, settings: Readonly<Record<string, string>>) {
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#directory = directory;
    this.#guard = spawn('/bin/sh', ['-c', GUARD, 'tenancy-postgres-guard', directory, bin, ...flags], {
      // Its own session: Ctrl-C in the owner's terminal must not end the database before the application has let go of it.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: directory,
      ...(account.foreign && { uid: account.uid, gid: account.gid }),
    });
    // The database and its shell hold the other end of this pipe until the database is gone.
    this.#guard.stdout?.resume().once('close', () => {
      this.#ended = true;
    });
    this.#guard.once('error', () => {
      this.#ended = true;
    });
    this.#guard.stdin?.on('error', () => {});
    for (const handle of [this.#guard, this.#guard.stdin, this.#guard.stdout]) (handle as ChildProcess).unref();
  }

  /** Answers whether the server accepts connections; false when it ended instead. */
  async ready(): Promise<boolean> {
    for (const deadline = Date.now() + 60_000; !this.#ended && Date.now() < deadline; await sleep(10)) {
      const state = await readFile(join(this.#directory, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
      if (state.split('\n')[7]?.startsWith('ready')) return true;
    }
    return false;
  }

  async log(): Promise<string> {
    return readFile(join(this.#directory, 'log'), 'utf8').catch(() => '');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#guard.ref();
    if (this.#guard.exitCode === null && this.#guard.pid !== undefined) {
      const exit = once(this.#guard, 'exit');
      this.#guard.stdin?.end();
      await exit;
    }
  }
}

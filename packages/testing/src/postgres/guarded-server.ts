import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.js';
import { removeServer } from './server-directory.js';

/**
 * The shell that creates the server and its directory, then waits for its standard input to end. That happens when the
 * owner closes it, and also when the owner exits, crashes or is killed: the operating system closes it then. So no signal
 * handler is needed in the application, and `kill -9` leaves nothing behind. Data that is thrown away needs no
 * checkpoint: SIGQUIT.
 */
const GUARD = `
directory=$1
shift
umask 077
trap '' PIPE # The owner may be gone before it is told anything.
mkdir "$directory" && cd "$directory" || exit 1
echo created
if read -r password && read -r bin
then
  printf '%s' "$password" >password
  if "$bin/initdb" -D "$directory/data" --pwfile=password -U postgres --auth=scram-sha-256 -c scram_iterations=1 \
    --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 \
    --no-sync --no-instructions --no-data-checksums --wal-segsize=1 >log 2>&1
  then
    "$bin/postgres" -D "$directory/data" "$@" 2>>log &
    exec >/dev/null
    read -r _
    kill -TERM $! # A shell starts background programs with SIGQUIT ignored, and this one may not handle it yet.
    kill -QUIT $!
    wait $!
  else
    exec >/dev/null
    read -r _
  fi
fi
cd /
rm -rf "$directory"
`;

export interface GuardedServerOptions {
  /** Created here, and deleted in the end. */
  readonly directory: string;
  readonly account: Account;
  /** Settings of postgresql.conf, by name. */
  readonly settings: Readonly<Record<string, string>>;
}

/** One PostgreSQL process and the shell that guards it. */
export class GuardedServer {
  readonly #guard: ChildProcessByStdio<Writable, Readable, null>;
  readonly #directory: string;
  #ended = false;
  #stopped: Promise<void> | undefined;

  constructor({ directory, account, settings }: GuardedServerOptions) {
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#directory = directory;
    this.#guard = spawn('/bin/sh', ['-c', GUARD, 'tenancy-postgres-guard', directory, ...flags], {
      // Its own session: Ctrl-C in the owner's terminal must not end the database before the application has let go of it.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
      ...(account.foreign && { uid: account.uid, gid: account.gid }),
    });
    const ended = () => {
      this.#ended = true;
    };
    // The database and its shell hold the other end of this pipe until the database is gone.
    this.#guard.stdout.once('close', ended);
    this.#guard.once('error', ended);
    this.#guard.stdin.on('error', ended);
    for (const handle of [this.#guard, this.#guard.stdin, this.#guard.stdout]) (handle as ChildProcess).unref();
  }

  /** Resolves when the directory is there, and the guard will delete it. */
  async guarded(): Promise<void> {
    this.#guard.ref();
    await Promise.race([once(this.#guard.stdout, 'data'), once(this.#guard, 'exit')]);
    this.#guard.stdout.resume();
    this.#guard.unref();
  }

  /** Creates the database with the programs in `bin`, and answers whether it accepts connections. */
  async start(bin: string, password: string): Promise<boolean> {
    this.#guard.stdin.write(`${password}\n${bin}\n`);
    return this.#ready();
  }

  async #ready(): Promise<boolean> {
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
    const { pid, exitCode, signalCode } = this.#guard;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      this.#guard.ref();
      const exit = once(this.#guard, 'exit');
      this.#guard.stdin.end();
      await exit;
    }
    // In case somebody killed the guard.
    await removeServer(this.#directory);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { databaseAccount } from '../../src/postgres/account.js';
import { processStart } from '../../src/postgres/process-start.js';
import { serverDirectories } from '../../src/postgres/server-directory.js';

/** Traces of a server on the machine while it runs. */
export interface Traces {
  readonly directory: string;
  readonly postmaster: number;
  readonly port: number;
}

/** Starts `owner.mjs` in a process of its own and waits until its server runs. */
export async function spawnOwner(ending = 'wait'): Promise<{ owner: ChildProcess; url: string }> {
  const owner = ownerProcess(ending);
  const [url] = await once(createInterface({ input: owner.stdout as NodeJS.ReadableStream }), 'line');
  return { owner, url };
}

/** Runs `owner.mjs` in a process of its own until it ends. */
export async function runOwner(ending: string): Promise<{ pid: number }> {
  const owner = ownerProcess(ending);
  await once(owner, 'exit');
  return { pid: owner.pid as number };
}

function ownerProcess(ending: string): ChildProcess {
  const script = fileURLToPath(new URL('owner.mjs', import.meta.url));
  return spawn(process.execPath, [script, ending], { stdio: ['pipe', 'pipe', 'ignore'] });
}

/** The folders of servers that a process owns. */
export async function directoriesOf(pid: number): Promise<string[]> {
  const directories = await serverDirectories(await databaseAccount());
  return directories.filter((directory) => basename(directory).startsWith(`tenancy-postgres-${pid}-`));
}

/** The traces of the server at `url`. */
export async function tracesOf(url: string): Promise<Traces> {
  const port = Number(new URL(url).port);
  for (const directory of await serverDirectories(await databaseAccount())) {
    const lines = (await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[3]) === port) return { directory, postmaster: Number(lines[0]), port };
  }
  throw new Error(`No server directory belongs to port ${port}`);
}

/** Those of the traces that are still there. */
export async function remaining({ directory, postmaster, port }: Traces): Promise<string[]> {
  const left: string[] = [];
  if ((await processStart(postmaster)) !== null) left.push('process');
  if (await readdir(directory).catch(() => null)) left.push('directory');
  if (await accepts(port)) left.push('port');
  return left;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

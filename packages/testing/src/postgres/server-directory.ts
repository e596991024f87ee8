import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, canEnter } from './account.js';
import { processCommand, processStart } from './process-start.js';

/** The folder that holds one folder for each running server of this account. */
export async function serversDirectory(account: Account): Promise<string> {
  const parent = (await canEnter(account, tmpdir())) ? tmpdir() : '/tmp';
  const servers = join(parent, `tenancy-postgres-${account.uid}`);
  const created = await mkdir(servers, { recursive: true, mode: 0o700 });
  if (created && account.foreign) await chown(servers, account.uid, account.gid);
  const found = await lstat(servers);
  if (found.isDirectory() && found.uid === account.uid) return servers;
  throw new Error(
    `startPostgres: ${servers} is not a folder of the account ${account.uid} that the database runs as, so somebody else ` +
      'could read or replace its data. Delete it, or point TMPDIR somewhere else.',
  );
}

/** A folder for a new server, not yet created, whose name says which process owns it. */
export async function serverDirectory(servers: string): Promise<string> {
  const owner = `${process.pid}-${await processStart(process.pid)}`;
  return join(servers, `${owner}-${randomBytes(4).toString('hex')}`);
}

/** Stops the servers and deletes the folders of owners that are gone. */
export async function sweepAbandoned(servers: string): Promise<void> {
  const names = await readdir(servers);
  await Promise.all(names.map((name) => sweep(join(servers, name), name)));
}

async function sweep(directory: string, name: string): Promise<void> {
  const [pid, start] = name.split('-');
  if (!/^\d+$/.test(pid ?? '') || (await processStart(Number(pid))) === start) return;
  await removeServer(directory);
}

/** Stops the server of a folder, if it runs, and deletes the folder, if it is there. */
export async function removeServer(directory: string): Promise<void> {
  await stopPostmaster(join(directory, 'data'));
  // Two starters may sweep the same folder at once; whoever comes second finds parts of it gone.
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

async function stopPostmaster(data: string): Promise<void> {
  const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(pidFile, 10);
  const isRunning = async () => Boolean((await processCommand(pid))?.includes(data));
  if (!Number.isInteger(pid) || !(await isRunning())) return;
  signal(pid, 'SIGQUIT');
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20)) {
    if (!(await isRunning())) return;
  }
  signal(pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

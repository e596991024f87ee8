import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, canCreateIn } from './account.js';
import { processCommand, processStart } from './process-start.js';

const PREFIX = 'tenancy-postgres-';

/** A folder for a new server, not yet created, whose name says which process owns it. */
export async function serverDirectory(account: Account): Promise<string> {
  const owner = `${process.pid}-${await processStart(process.pid)}`;
  return join(await temporaryFolder(account), `${PREFIX}${owner}-${randomBytes(4).toString('hex')}`);
}

/** The folders of every server that runs under this account, or has run and was not cleaned up. */
export async function serverDirectories(account: Account): Promise<string[]> {
  const parent = await temporaryFolder(account);
  const found = (await readdir(parent)).filter((name) => name.startsWith(PREFIX)).map((name) => join(parent, name));
  // Anybody may create folders there: only the account's own are touched.
  const own = await Promise.all(found.map(async (path) => (await lstat(path).catch(() => null))?.uid === account.uid));
  return found.filter((_, index) => own[index]);
}

/** Stops the servers and deletes the folders of owners that are gone. */
export async function sweepAbandoned(account: Account): Promise<void> {
  await Promise.all((await serverDirectories(account)).map(sweep));
}

async function sweep(directory: string): Promise<void> {
  const [pid, start] = basename(directory).slice(PREFIX.length).split('-');
  if (!/^\d+$/.test(pid ?? '') || (await processStart(Number(pid))) === start) return;
  await removeServer(directory);
}

async function temporaryFolder(account: Account): Promise<string> {
  return (await canCreateIn(account, tmpdir())) ? tmpdir() : '/tmp';
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

import { execFile } from 'node:child_process';
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** The operating-system account the database runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** True when it is not the account of this process, so files must be handed over to it. */
  readonly foreign: boolean;
}

/** PostgreSQL refuses to run as root, so root lends it an account that exists already: no user is ever created. */
export async function databaseAccount(): Promise<Account> {
  const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1];
  if (uid !== 0) return { uid, gid, foreign: false };
  for (const name of ['postgres', 'nobody']) {
    const account = await accountNamed(name);
    if (account) return account;
  }
  throw new Error(
    'startPostgres: PostgreSQL does not run as root, and this system has neither a "postgres" nor a "nobody" account to ' +
      'run it as. Run as an ordinary user, or set DATABASE_URL to a server that is already running.',
  );
}

/** True when the account may enter every folder above and including `path`. */
export async function canEnter(account: Account, path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (!isPermitted(await stat(folder), account, SEARCH)) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** True when the account may create something in the folder `path`. */
export async function canCreateIn(account: Account, path: string): Promise<boolean> {
  return (await canEnter(account, path)) && isPermitted(await stat(path), account, WRITE);
}

const SEARCH = 0o1;
const WRITE = 0o2;

function isPermitted(folder: Stats, { uid, gid }: Account, permission: number): boolean {
  if (folder.uid === uid) return (folder.mode & (permission << 6)) !== 0;
  if (folder.gid === gid) return (folder.mode & (permission << 3)) !== 0;
  return (folder.mode & permission) !== 0;
}

async function accountNamed(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => idOf(flag, name)));
    return { uid: uid as number, gid: gid as number, foreign: true };
  } catch {
    return null;
  }
}

async function idOf(flag: string, name: string): Promise<number> {
  const { stdout } = await promisify(execFile)('id', [flag, name]);
  return Number.parseInt(stdout, 10);
}

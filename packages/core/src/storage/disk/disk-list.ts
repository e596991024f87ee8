import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileInfo, FilePage } from '../file-store.js';
import { leadsOut, missing, nameOf } from './disk-path.js';

/** A page of the files below `root`. Links are not files, and nothing is read of folders that the page has no use for. */
export async function listDisk(
  root: string,
  { prefix, after, limit }: { readonly prefix: string; readonly after: string | null; readonly limit: number },
): Promise<FilePage> {
  const found = await lstat(root).catch(missing);
  // X4: below it every link is passed over; the folder itself would be another's.
  if (found && !found.isDirectory()) throw leadsOut();
  const files: FileInfo[] = [];
  for await (const [key, path] of keysBelow(root, '', prefix, after)) {
    const file = await lstat(path).catch(missing);
    if (!file?.isFile()) continue;
    if (files.length === limit) return { files, next: files.at(-1)?.key ?? null };
    files.push({ key, size: file.size, modified: file.mtime });
  }
  return { files, next: null };
}

/** Keys with their paths, in the order of their bytes, as buckets have it. */
async function* keysBelow(
  folder: string,
  base: string,
  prefix: string,
  after: string | null,
): AsyncGenerator<[string, string]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(missing)) ?? [];
  for (const { key, isFolder, entry } of sorted(entries, base)) {
    const path = join(folder, entry);
    if (isFolder) {
      const isWanted = key.startsWith(prefix) || prefix.startsWith(key);
      if (isWanted && (after === null || after.startsWith(key) || compare(key, after) > 0)) {
        yield* keysBelow(path, key, prefix, after);
      }
    } else if (key.startsWith(prefix) && (after === null || compare(key, after) > 0)) yield [key, path];
  }
}

/** All keys of a folder begin with its own and a slash, so that is its place among the others. */
function sorted(entries: readonly Dirent[], base: string) {
  return entries
    .flatMap((entry) => {
      const named = nameOf(entry.name);
      const isOurs = named !== null && (named.isFolder ? entry.isDirectory() : entry.isFile());
      if (!isOurs) return [];
      return [{ key: `${base}${named.name}${named.isFolder ? '/' : ''}`, isFolder: named.isFolder, entry: entry.name }];
    })
    .sort((a, b) => compare(a.key, b.key));
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

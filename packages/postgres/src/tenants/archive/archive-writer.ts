import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { misconfigured } from '../../errors/misconfigured.js';
import { TenantsError } from '../tenants-error.js';
import { type ArchiveManifest, textOf } from './manifest.js';
import { Tally } from './tally.js';

/** Adds a file to an archive, and answers when all of it has been read. */
export type AddFile = (path: string, source: Readable) => Promise<Pick<Tally, 'bytes' | 'sha256'>>;

/**
 * Writes an archive: under a name of its own until it is whole, and readable by its owner alone. What fails leaves no file; what a kill left of an
 * earlier one to the same name is removed.
 *
 * @param fill - adds the files, and answers with the manifest
 * @returns the length of the archive in bytes
 * @throws TenantsError `archive_unwritable`; TenantFloorError `floor_misconfigured` where `yazl` is not installed; and what `fill` throws.
 */
export async function writeArchive(file: string, fill: (add: AddFile) => Promise<ArchiveManifest>): Promise<number> {
  const { ZipFile } = await import('yazl').catch((cause: unknown) => {
    throw misconfigured('archives are written by `yazl`, which is not installed. Install it beside `pg`.', { cause });
  });
  const path = resolve(file);
  await refuseTaken(path);
  await removeLeft(path).catch(unwritable);
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  const zip = new ZipFile();
  const whole = new Tally();
  zip.on('error', (error: Error) => whole.destroy(error));
  const stopped = new AbortController();
  const sink = createWriteStream(part, { flags: 'wx', mode: 0o600 });
  const written = pipeline(zip.outputStream, whole, sink).catch((error: unknown) => {
    // Who writes into it waits for nobody any more.
    stopped.abort(error);
    throw error;
  });
  const add: AddFile = async (name, source) => {
    const tally = new Tally();
    zip.addReadStream(tally, name, { mode: 0o600 });
    await pipeline(source, tally, { signal: stopped.signal });
    return tally;
  };
  try {
    const manifest = await fill(add).catch((error: unknown) => {
      throw stopped.signal.aborted ? unwritten(stopped.signal.reason) : error;
    });
    zip.addBuffer(Buffer.from(textOf(manifest)), 'manifest.json', { mode: 0o600 });
    zip.end();
    await written.catch(unwritable);
    await synced(part).catch(unwritable);
    await refuseTaken(path);
    await rename(part, path).catch(unwritable);
    return whole.bytes;
  } catch (error) {
    whole.destroy();
    await written.catch(() => {});
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
}

async function refuseTaken(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new TenantsError(
    'archive_unwritable',
    `there is a file ${JSON.stringify(path)} already, and no archive is written over another one. Nothing was written. Pass another name, or remove it.`,
  );
}

async function removeLeft(path: string): Promise<void> {
  const isLeft = (name: string) =>
    name.startsWith(`${basename(path)}.`) && /^[0-9a-f]{12}\.part$/.test(name.slice(basename(path).length + 1));
  const names = await readdir(dirname(path));
  await Promise.all(names.filter(isLeft).map((name) => rm(join(dirname(path), name), { force: true })));
}

/** A rename may reach the disk before what is in the file does. */
async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unwritable(cause: unknown): never {
  throw unwritten(cause);
}

function unwritten(cause: unknown): TenantsError {
  return new TenantsError(
    'archive_unwritable',
    `the archive cannot be written: ${(cause as Error).message}. Nothing of it is left. See to the folder and the space on the disk.`,
    { cause },
  );
}

import { randomBytes } from 'node:crypto';
import { constants, createWriteStream, mkdirSync, realpathSync } from 'node:fs';
import { copyFile, lstat, open, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { strongSecret } from '../../resolution/hmac-secret.js';
import type { FileStore } from '../file-store.js';
import { listDisk } from './disk-list.js';
import { leadsOut, makeFolders, missing, pathOf, removeEmpty } from './disk-path.js';
import { readSignedFile, type SignedFile, signFile } from './signed-file.js';

/** Options of {@link diskStore}. */
export interface DiskStoreOptions {
  /** The folder of all files, which nothing else writes to. It is made where it is not there. */
  readonly root: string;
  /**
   * Addresses for `signedUrl`: where `fileHandler` is mounted, and a secret of at least 32 bytes.
   * @defaultValue none
   */
  readonly urls?: { readonly base: string; readonly secret: string | Buffer | undefined } | undefined;
}

/** Files on a local disk. */
export interface DiskStore extends FileStore {
  /** The file that the token of an address is good for, or null. `fileHandler` asks this. */
  verify(token: string): SignedFile | null;
}

/**
 * Files on a local disk, or on one that is mounted: a folder for each tenant, in which no key and no link leads out.
 *
 * A file is written beside its place, and put there once it is whole.
 *
 * @throws `tenancy_misconfigured`, naming the option that is wrong and the fix.
 */
export function diskStore(options: DiskStoreOptions): DiskStore {
  refuseUnknown('diskStore', options, ['root', 'urls']);
  const { root: given, urls } = options ?? {};
  if (typeof given !== 'string' || given === '') {
    throw new TenancyConfigurationError(
      'diskStore.root',
      'is missing',
      "Name the folder: `root: '/var/lib/app/files'`.",
    );
  }
  const signing = urls && checkedUrls(urls);
  mkdirSync(given, { recursive: true });
  // The root itself may be a link; nothing below it may.
  const root = realpathSync(given);
  const write = async (folder: string, key: string, fill: (path: string) => Promise<unknown>) => {
    const path = await pathOf(root, folder, key);
    const draft = join(root, `.draft-${randomBytes(12).toString('hex')}`);
    const placed = async () => {
      try {
        await makeFolders(root, folder, key);
        await rename(draft, path);
        return true;
      } catch (error) {
        // Whoever deletes the last other file of a folder removes that, too.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    };
    try {
      await fill(draft);
      for (let attempt = 1; !(await placed()); attempt += 1) {
        if (attempt === 10) throw new Error('the folder of a file is removed again and again while it is written');
      }
    } finally {
      await rm(draft, { force: true });
    }
  };
  return {
    put: (folder, key, body) =>
      write(folder, key, (path) => {
        const from = typeof body === 'string' || body instanceof Uint8Array ? Readable.from([body]) : body;
        return pipeline(from, bytesOf, createWriteStream(path, { flags: 'wx' }));
      }),
    async read(folder, key) {
      const file = await opened(await pathOf(root, folder, key));
      return file?.createReadStream() ?? null;
    },
    async info(folder, key) {
      const found = await lstat(await pathOf(root, folder, key)).catch(missing);
      return found?.isFile() ? { size: found.size, modified: found.mtime } : null;
    },
    async copy(folder, from, to) {
      const source = await pathOf(root, folder, from);
      if (!(await lstat(source).catch(missing))?.isFile()) return false;
      await write(folder, to, (path) => copyFile(source, path));
      return true;
    },
    async delete(folder, keys) {
      for (const key of keys) {
        const path = await pathOf(root, folder, key);
        await unlink(path).catch(missing);
        await removeEmpty(root, path);
      }
    },
    list: (folder, asked) => listDisk(join(root, folder), asked),
    sweep: (folder) => rm(join(root, folder), { recursive: true, force: true }),
    verify: (token) => (signing ? readSignedFile(token, signing.secret) : null),
    ...(signing && {
      signedUrl: async (folder, key, { method, expiresIn }) =>
        `${signing.base}/${signFile({ folder, key, method }, expiresIn, signing.secret)}`,
    }),
  };
}

/** The chunks of a stream, which a file takes as bytes or text: of anything else it throws where nobody catches it. */
async function* bytesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<string | Uint8Array> {
  for await (const chunk of chunks) {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      throw new TenancyConfigurationError('TenantStorage.put', 'is given a stream of objects', 'Pass one of bytes.');
    }
    yield chunk;
  }
}

/** A file that is no link, opened for reading. */
async function opened(path: string) {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ELOOP') throw leadsOut();
      return missing(error);
    },
  );
  if (file === null || (await file.stat()).isFile()) return file;
  await file.close();
  return null;
}

function checkedUrls({ base, secret, ...more }: NonNullable<DiskStoreOptions['urls']>) {
  refuseUnknown('diskStore.urls', { base, secret, ...more }, ['base', 'secret']);
  const wrong = (option: string) => (problem: string, fix: string) =>
    new TenancyConfigurationError(`diskStore.urls.${option}`, problem, fix);
  if (typeof base !== 'string' || !URL.canParse(base) || /[?#]/.test(base)) {
    throw wrong('base')('is no address', "Pass where `fileHandler` is mounted: `'https://app.example.com/files'`.");
  }
  return { base: base.replace(/\/+$/, ''), secret: strongSecret(secret, 'HS256', wrong('secret')) };
}

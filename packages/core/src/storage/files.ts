import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { inside } from '../context/lazy/inside.js';
import { storage } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { checkedKey, checkedPrefix } from './file-key.js';
import type {
  FileBody,
  FileInfo,
  FilePage,
  FileStore,
  ListOptions,
  PutOptions,
  SignedUrlOptions,
} from './file-store.js';
import { checkedMediaType } from './media-type.js';

const WEEK = 7 * 24 * 3600;
const PAGE = 1_000;

/** The files of one owner, a tenant or a shared name. Keys are the owner's own, as the application gives them. */
export class Files {
  readonly #store: FileStore;
  readonly #folder: () => string;

  /** @internal `folder` says whose files they are, or throws. */
  constructor(store: FileStore, folder: () => string) {
    this.#store = store;
    this.#folder = folder;
  }

  /**
   * Writes a file, in place of one that is there. Of a body that fails half-way nothing stays.
   *
   * @throws `tenancy_misconfigured` for a key that leads anywhere else, another body than a text, bytes or a stream, or a `contentType` that is no media
   * type.
   */
  async put(key: string, body: FileBody, options: PutOptions = {}): Promise<void> {
    refuseUnknown('TenantStorage.put', options, ['contentType']);
    const at = this.#at('put', key);
    if (options.contentType !== undefined) checkedMediaType('TenantStorage.put', options.contentType);
    if (typeof body !== 'string' && !(body instanceof Uint8Array) && typeof body?.pipe !== 'function') {
      throw new TenancyConfigurationError(
        'TenantStorage.put',
        'is given no content',
        'Pass a text, bytes or a stream.',
      );
    }
    if (typeof body === 'object' && !(body instanceof Uint8Array)) {
      const problem = problemOf(body);
      if (problem) throw new TenancyConfigurationError('TenantStorage.put', problem, 'Pass a stream of bytes, unread.');
    }
    await this.#store.put(...at, body, options);
  }

  /** The whole content; null where there is no file. */
  async get(key: string): Promise<Buffer | null> {
    const stream = await this.#store.read(...this.#at('get', key));
    return stream && buffer(stream);
  }

  /** The whole content as text; null where there is no file. */
  async text(key: string): Promise<string | null> {
    const stream = await this.#store.read(...this.#at('text', key));
    return stream && text(stream);
  }

  /** The content as it comes; null where there is no file. What listens to it runs as whoever asked. */
  async stream(key: string): Promise<Readable | null> {
    const at = this.#at('stream', key);
    const asking = storage.getStore();
    const stream = await this.#store.read(...at);
    // C6: it comes over a connection that was opened for another.
    return stream && asking ? inside(asking, stream) : stream;
  }

  /** True where there is a file of this key. */
  async exists(key: string): Promise<boolean> {
    return (await this.#store.info(...this.#at('exists', key))) !== null;
  }

  /** Size and time of a file; null where there is none. */
  async info(key: string): Promise<FileInfo | null> {
    const info = await this.#store.info(...this.#at('info', key));
    return info && { key, ...info };
  }

  /** Deletes a file, if it is there. */
  async delete(key: string): Promise<void> {
    const [folder, checked] = this.#at('delete', key);
    await this.#store.delete(folder, [checked]);
  }

  /** Copies a file of the owner to another key of the owner. False where there is none. */
  async copy(from: string, to: string): Promise<boolean> {
    const at = this.#at('copy', from);
    return this.#store.copy(...at, checkedKey('TenantStorage.copy', to));
  }

  /** A page of the owner's files, in the order of the bytes of their keys. */
  async list(options: ListOptions = {}): Promise<FilePage> {
    refuseUnknown('TenantStorage.list', options, ['prefix', 'after', 'limit']);
    const { prefix = '', after, limit = PAGE } = options;
    const folder = this.#folder();
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > PAGE) {
      throw new TenancyConfigurationError(
        'TenantStorage.list.limit',
        `is no whole number from 1 to ${PAGE}`,
        'Correct it.',
      );
    }
    return this.#store.list(folder, {
      prefix: checkedPrefix('TenantStorage.list', prefix),
      after: after === undefined ? null : checkedKey('TenantStorage.list', after),
      limit,
    });
  }

  /** Deletes all files of the owner, or those whose keys begin with `prefix`, page by page, until there are none. */
  async deleteAll(options: { readonly prefix?: string | undefined } = {}): Promise<void> {
    refuseUnknown('TenantStorage.deleteAll', options, ['prefix']);
    // An empty one is what a variable that nobody has set looks like.
    if ('prefix' in options && !options.prefix) {
      throw new TenancyConfigurationError('TenantStorage.deleteAll.prefix', 'is empty', 'Leave it out for all files.');
    }
    const prefix = checkedPrefix('TenantStorage.deleteAll', options.prefix ?? '');
    const folder = this.#folder();
    for (;;) {
      const { files } = await this.#store.list(folder, { prefix, after: null, limit: PAGE });
      if (files.length === 0) break;
      await this.#store.delete(
        folder,
        files.map(({ key }) => key),
      );
    }
    if (prefix === '') await this.#store.sweep?.(folder);
  }

  /**
   * An address that is good for this file, one method and a time, for whoever has it.
   *
   * @throws `tenancy_misconfigured` where the store has no addresses.
   */
  async signedUrl(key: string, options: SignedUrlOptions = {}): Promise<string> {
    refuseUnknown('TenantStorage.signedUrl', options, ['method', 'expiresIn']);
    const at = this.#at('signedUrl', key);
    const { method = 'GET', expiresIn = 300 } = options;
    const wrong = (option: string, problem: string, fix: string) =>
      new TenancyConfigurationError(`TenantStorage.signedUrl${option}`, problem, fix);
    if (method !== 'GET' && method !== 'PUT') throw wrong('.method', "is neither 'GET' nor 'PUT'", 'Correct it.');
    if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > WEEK) {
      throw wrong('.expiresIn', `is no whole number of seconds from 1 to ${WEEK}`, 'Correct it.');
    }
    if (!this.#store.signedUrl)
      throw wrong('', 'is asked of a store that has none', 'Use `s3Store`, or `diskStore` with `urls`.');
    return this.#store.signedUrl(...at, { method, expiresIn });
  }

  #at(method: string, key: string): [folder: string, key: string] {
    const folder = this.#folder();
    return [folder, checkedKey(`TenantStorage.${method}`, key)];
  }
}

/** A stream that was read already would leave an empty file in place of the one that is there. */
function problemOf(body: Readable): string | null {
  if (body.destroyed || body.readableEnded || body.readable === false) return 'is given a stream that was read already';
  return null;
}

import type { Readable } from 'node:stream';

/** The content of a file: at once, or as it comes. */
export type FileBody = string | Uint8Array | Readable;

/** A file, as it is listed. */
export interface FileInfo {
  /** As the application gave it. */
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
}

/** Options of `put`. */
export interface PutOptions {
  /**
   * Kept by stores that keep one; a disk does not.
   * @defaultValue the store's own
   */
  readonly contentType?: string | undefined;
}

/** Options of `list`. */
export interface ListOptions {
  /**
   * Beginning of the keys: `invoices/`, or `invoices/2026-`.
   * @defaultValue every key
   */
  readonly prefix?: string | undefined;
  /**
   * The `next` of the page before.
   * @defaultValue the first page
   */
  readonly after?: string | undefined;
  /**
   * Files of a page, from 1 to 1000.
   * @defaultValue `1_000`
   */
  readonly limit?: number | undefined;
}

/** A page of a list, in the order of the bytes of keys. */
export interface FilePage {
  readonly files: readonly FileInfo[];
  /** `after` of the next page; null on the last. */
  readonly next: string | null;
}

/** Options of `signedUrl`. */
export interface SignedUrlOptions {
  /**
   * The method that the address is good for.
   * @defaultValue `'GET'`
   */
  readonly method?: 'GET' | 'PUT' | undefined;
  /**
   * Seconds that it is good for, up to a week.
   * @defaultValue `300`
   */
  readonly expiresIn?: number | undefined;
}

/** A signed address that a store is asked for: nothing is left out any more. */
export type SignedUrlRequest = Required<{ [K in keyof SignedUrlOptions]: NonNullable<SignedUrlOptions[K]> }>;

/**
 * A place for files: a disk, a bucket, or one of your own. `folder` is its owner's, made of letters, digits, `-`, `_` and `~`; `key` is as
 * the application gave it, and leads nowhere else. Of a file that is not there `read` and `info` answer with null, and `copy` with false.
 */
export interface FileStore {
  /** Writes a file whole, in place of one that is there; where it fails, what was there is left. */
  put(folder: string, key: string, body: FileBody, options: PutOptions): Promise<void>;
  /** The bytes of a file. */
  read(folder: string, key: string): Promise<Readable | null>;
  /** Size and time of a file. */
  info(folder: string, key: string): Promise<Omit<FileInfo, 'key'> | null>;
  /** Copies a file within its folder, in place of one that is there; true where there was one to copy. */
  copy(folder: string, from: string, to: string): Promise<boolean>;
  /** Deletes all of them, or throws. Those that are not there are deleted. */
  delete(folder: string, keys: readonly string[]): Promise<void>;
  /** Up to `limit` files whose key begins with `prefix`, by their keys, from the one behind `after` on. */
  list(folder: string, options: { prefix: string; after: string | null; limit: number }): Promise<FilePage>;
  /** An address that lets whoever has it at this one file until it ends. */
  signedUrl?(folder: string, key: string, options: SignedUrlRequest): Promise<string>;
  /** Removes what is left of a folder once all of its files are deleted. */
  sweep?(folder: string): Promise<void>;
}

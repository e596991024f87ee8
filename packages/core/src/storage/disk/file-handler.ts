import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { storage } from '../../context/storage.js';
import { isTenancyError } from '../../errors/brand.js';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { requestHost } from '../../resolution/host.js';
import { folderOf } from '../file-key.js';
import type { DiskStore } from './disk-store.js';
import type { SignedFile } from './signed-file.js';

/**
 * A handler for the addresses that `signedUrl` of a `diskStore` gives: it sends a file (`GET`, `HEAD`), or keeps one (`PUT`). The token is
 * the last part of the path, and good for one file of one tenant, one method and a time; to a request of another tenant it is good for
 * nothing. Whatever is wrong is 404, and a request whose host is malformed, or named twice, is 400: nobody can tell whose it is.
 *
 * @throws `tenancy_misconfigured` where it is given no `diskStore`.
 * @example
 * ```ts
 * import type { INestApplication } from '@nestjs/common';
 * import { diskStore, fileHandler } from '@tenancy/core/storage';
 *
 * export const store = diskStore({
 *   root: '/var/lib/app/files',
 *   urls: { base: 'https://app.example.com/files', secret: process.env.FILES_SECRET },
 * });
 *
 * export const mountFiles = (app: INestApplication) => app.use('/files', fileHandler(store));
 * ```
 */
export function fileHandler(store: DiskStore): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  if (typeof store?.verify !== 'function') {
    throw new TenancyConfigurationError('fileHandler', 'is given no disk', 'Pass what `diskStore` has returned.');
  }
  return async (request, response) => {
    if (namesNoHost(request)) return void response.writeHead(400).end();
    const token = (request.url ?? '').split(/[?#]/)[0]?.split('/').at(-1) ?? '';
    const file = store.verify(token);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (!file || file.method !== method || isAnothers(file)) return notFound(response);
    try {
      await (method === 'PUT' ? keep(store, file, request, response) : send(store, file, request, response));
    } catch {
      // The client is gone, or the disk failed while it was sent.
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
  };
}

/** True where the host is malformed, or named twice. Where a handler is mounted below a path, `url` is what is left of the address. */
const namesNoHost = (request: IncomingMessage & { hostname?: string; originalUrl?: string }): boolean => {
  const { headers, rawHeaders, hostname, originalUrl, url } = request;
  return requestHost({ headers, rawHeaders, hostname, url: originalUrl ?? url }) === null;
};

/** True at a host of another tenant, or of a suspended one; a host that names none, such as that of all addresses, is nobody's. */
const isAnothers = ({ folder }: SignedFile): boolean => {
  if (!folder.startsWith('t-')) return false;
  const { tenant, refusal } = storage.getStore() ?? {};
  if (tenant) return folder !== folderOf('t', tenant.id);
  return isTenancyError(refusal, 'tenant_inactive') || isTenancyError(refusal, 'tenant_mismatch');
};

const notFound = (response: ServerResponse) => void response.writeHead(404).end();

async function send(
  store: DiskStore,
  { folder, key }: SignedFile,
  { method }: IncomingMessage,
  response: ServerResponse,
) {
  const info = await store.info(folder, key);
  if (!info) return notFound(response);
  response.writeHead(200, {
    // A disk keeps no type, and what a browser guesses may run as a page of the application's own.
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(key.split('/').at(-1) ?? '')}`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
    'content-length': info.size,
  });
  const stream = method === 'HEAD' ? null : await store.read(folder, key);
  if (stream) await pipeline(stream, response);
  else response.end();
}

async function keep(store: DiskStore, { folder, key }: SignedFile, request: IncomingMessage, response: ServerResponse) {
  await store.put(folder, key, request, {});
  response.writeHead(204).end();
}

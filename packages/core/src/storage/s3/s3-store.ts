import type { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { outsideAnyTenant } from '../../context/enter.js';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import type { FileStore } from '../file-store.js';
import { upload } from './upload.js';

/** Options of {@link s3Store}. */
export interface S3StoreOptions {
  /** A client of `@aws-sdk/client-s3`, for S3 or what speaks as it does (MinIO, R2, Ceph). */
  readonly client: S3Client;
  /** Its name. */
  readonly bucket: string;
}

/**
 * Files in a bucket of S3, or of what speaks as it does. Keys begin with the folder of their tenant: `t-t_acme/invoices/4711.pdf`.
 *
 * A stream is sent in parts of 8 MiB, and no more of it than one is in memory.
 *
 * @throws `tenancy_misconfigured`, naming the option that is wrong and the fix.
 * @example
 * ```ts
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { Module } from '@nestjs/common';
 * import { s3Store, TenantStorageModule } from '@tenancy/core/storage';
 *
 * @Module({
 *   imports: [
 *     TenantStorageModule.forRootAsync({
 *       useFactory: () => ({ store: s3Store({ client: new S3Client(), bucket: 'app-files' }) }),
 *     }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
export function s3Store(options: S3StoreOptions): FileStore {
  refuseUnknown('s3Store', options, ['client', 'bucket']);
  const { client, bucket } = options ?? {};
  if (typeof client?.send !== 'function') {
    throw new TenancyConfigurationError(
      's3Store.client',
      'is no client',
      'Pass `new S3Client()` of @aws-sdk/client-s3.',
    );
  }
  if (typeof bucket !== 'string' || bucket === '') {
    throw new TenancyConfigurationError('s3Store.bucket', 'is missing', "Name it: `bucket: 'app-files'`.");
  }
  // C6: a connection that is opened for one tenant serves all.
  const send: S3Client['send'] = ((command: never) => outsideAnyTenant(() => client.send(command))) as never;
  const at = (folder: string, key: string) => ({ Bucket: bucket, Key: `${folder}/${key}` });
  return {
    put: async (folder, key, body, { contentType }) =>
      upload(
        await sdk(),
        send,
        { ...at(folder, key), ...(contentType !== undefined && { ContentType: contentType }) },
        body,
      ),
    async read(folder, key) {
      const s3 = await sdk();
      const found = await send(new s3.GetObjectCommand(at(folder, key))).catch(missing);
      return (found?.Body as Readable | undefined) ?? null;
    },
    async info(folder, key) {
      const s3 = await sdk();
      const found = await send(new s3.HeadObjectCommand(at(folder, key))).catch(missing);
      return found && { size: found.ContentLength ?? 0, modified: found.LastModified ?? new Date(0) };
    },
    async copy(folder, from, to) {
      // S3 refuses to copy an object onto itself.
      if (from === to) return (await this.info(folder, from)) !== null;
      const s3 = await sdk();
      const source = `${bucket}/${folder}/${from}`.split('/').map(encodeURIComponent).join('/');
      return (await send(new s3.CopyObjectCommand({ ...at(folder, to), CopySource: source })).catch(missing)) !== null;
    },
    async delete(folder, keys) {
      const s3 = await sdk();
      const Objects = keys.map((key) => ({ Key: at(folder, key).Key }));
      const { Errors = [] } = await send(
        new s3.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      // Said of the others, too, it would look as if all were gone.
      if (Errors.length > 0)
        throw new Error(`S3 did not delete ${Errors.length} of ${keys.length} files: ${Errors[0]?.Code}`);
    },
    async list(folder, { prefix, after, limit }) {
      const s3 = await sdk();
      const root = `${folder}/`;
      const { Contents = [], IsTruncated } = await send(
        new s3.ListObjectsV2Command({
          Bucket: bucket,
          Prefix: `${root}${prefix}`,
          MaxKeys: limit,
          ...(after !== null && { StartAfter: `${root}${after}` }),
        }),
      );
      const files = Contents.map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
        key: Key.slice(root.length),
        size: Size,
        modified: LastModified,
      }));
      return { files, next: IsTruncated ? (files.at(-1)?.key ?? null) : null };
    },
    async signedUrl(folder, key, { method, expiresIn }) {
      const s3 = await sdk();
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      const command =
        method === 'PUT' ? new s3.PutObjectCommand(at(folder, key)) : new s3.GetObjectCommand(at(folder, key));
      return outsideAnyTenant(() => getSignedUrl(client, command, { expiresIn }));
    },
  };
}

/** Loaded when it is needed: files on a disk need no SDK. */
const sdk = async (): Promise<typeof Sdk> => await import('@aws-sdk/client-s3');

function missing(error: { readonly name?: string; readonly $metadata?: { readonly httpStatusCode?: number } }): null {
  if (error.name === 'NoSuchKey' || error.name === 'NotFound') return null;
  throw error;
}

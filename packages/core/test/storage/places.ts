import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { diskStore, type FileStore, fileHandler, s3Store } from '../../src/storage.js';

export const secret = 'a secret that signs addresses of files';

export interface Place {
  readonly store: FileStore;
  /** The folder that the files are in, of a disk. */
  readonly root: string | null;
  /** S3's own view of the bucket. */
  readonly client: S3Client | null;
  close(): Promise<void>;
}

async function disk(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'tenancy-files-'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`;
  const store = diskStore({ root, urls: { base, secret } });
  server.on('request', fileHandler(store));
  return {
    store,
    root,
    client: null,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await rm(root, { recursive: true });
    },
  };
}

async function s3(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'tenancy-s3-'));
  const server = fork(join(import.meta.dirname, 's3-server.mjs'), [directory], {
    execArgv: ['--openssl-legacy-provider'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [{ port }] = (await once(server, 'message')) as [{ port: number }];
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    // The server is of before there were such checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  await client.send(new CreateBucketCommand({ Bucket: 'files' }));
  return {
    store: s3Store({ client, bucket: 'files' }),
    root: null,
    client,
    close: async () => {
      client.destroy();
      server.disconnect();
      await once(server, 'exit');
      await rm(directory, { recursive: true });
    },
  };
}

export const places = { 'on a disk': disk, 'in S3': s3 } as const;

import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RandomSchema } from '../../../../test/oracle/schema.js';
import type { PrismaClient } from '../generated/client.js';
import { type Provider, schemaText } from './schema-text.js';

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const root = fileURLToPath(new URL('generated/', import.meta.url));

/** A generated client, of whose models nothing is known before it runs. */
export interface GeneratedClient {
  readonly PrismaClient: new (options: object) => PrismaClient;
  readonly Prisma: {
    readonly skip: unknown;
    readonly DbNull: unknown;
    readonly JsonNull: unknown;
    readonly AnyNull: unknown;
  };
}

/** Generates a client for a set of schemas: one `prisma generate` for all of them, as each takes a process and a second. */
export async function generateClient(
  name: string,
  schemas: readonly RandomSchema[],
  provider: Provider,
  previewFeatures: readonly string[],
): Promise<GeneratedClient> {
  const folder = join(root, `${name}-${provider}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'schema.prisma');
  await writeFile(file, schemaText(schemas, { provider, previewFeatures, output: join(folder, 'client') }));
  await promisify(execFile)(process.execPath, [prisma, 'generate', '--schema', file], {
    cwd: folder,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  return (await import(join(folder, 'client', 'client.ts'))) as GeneratedClient;
}

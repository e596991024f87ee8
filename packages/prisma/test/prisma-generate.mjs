import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');

/**
 * Runs `prisma generate` offline: it needs no engine, but downloads one unless it is told that there is one already. Any file
 * will do.
 *
 * @param {string} schema path of the schema
 * @param {string} cwd folder from which the schema's generators are found
 */
export async function prismaGenerate(schema, cwd) {
  await promisify(execFile)(process.execPath, [prisma, 'generate', '--schema', schema], {
    cwd,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
}

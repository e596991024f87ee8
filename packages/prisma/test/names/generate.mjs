// Generates the client of the models whose fields have the names of structure, offline: `prisma generate` needs no engine, but downloads one unless it is told that
// there is one already. Any file will do.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const schema = fileURLToPath(new URL('schema.prisma', import.meta.url));
execFileSync(process.execPath, [prisma, 'generate', '--schema', schema], {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
  stdio: ['ignore', 'ignore', 'inherit'],
});

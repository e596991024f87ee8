// Generates the client of the enumeration, offline.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const cwd = fileURLToPath(new URL('.', import.meta.url));
mkdirSync(new URL('generated/', import.meta.url), { recursive: true });
execFileSync(process.execPath, [prisma, 'generate', '--schema', 'schema.prisma'], {
  cwd,
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
  stdio: ['ignore', 'ignore', 'inherit'],
});

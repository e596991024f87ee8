// Generates the company's clients, offline: one for each kind of database, from the same models.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const cwd = fileURLToPath(new URL('.', import.meta.url));
const text = readFileSync(new URL('schema.prisma', import.meta.url), 'utf8');
mkdirSync(new URL('generated/', import.meta.url), { recursive: true });
for (const provider of ['postgresql', 'sqlite']) {
  const schema = fileURLToPath(new URL(`generated/${provider}.prisma`, import.meta.url));
  const moved = text.replaceAll('./generated/', './');
  writeFileSync(schema, moved.replaceAll('postgresql', provider));
  execFileSync(process.execPath, [prisma, 'generate', '--schema', schema], {
    cwd,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

// Generates the clients of the tests, offline: `prisma generate` needs no engine, but downloads one unless it is told that
// there is one already. Any file will do.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const generate = (schema) =>
  execFileSync(process.execPath, [prisma, 'generate', '--schema', fileURLToPath(schema)], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });

const schema = new URL('schema.prisma', import.meta.url);
generate(schema);

// The same models with the generator that most applications have.
const text = readFileSync(schema, 'utf8')
  .replace('"prisma-client"', '"prisma-client-js"')
  .replace('../generated', './js');
const moved = new URL('../generated/prisma-client-js.prisma', import.meta.url);
mkdirSync(new URL('.', moved), { recursive: true });
writeFileSync(moved, text);
generate(moved);

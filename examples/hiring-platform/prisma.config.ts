import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

Object.assign(process.env, {
  // `prisma generate` needs no engine, but downloads one unless this names a file that exists.
  PRISMA_SCHEMA_ENGINE_BINARY: fileURLToPath(import.meta.url),
  // Nor does it need to ask whether there is a newer Prisma.
  CHECKPOINT_DISABLE: '1',
  ...process.env,
});

export default defineConfig({ schema: 'prisma/schema.prisma' });

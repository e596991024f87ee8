import { defineConfig } from 'prisma/config';

// `prisma generate` needs no engine, but downloads one unless this names a file that exists.
Object.assign(process.env, { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' });

export default defineConfig({ schema: 'prisma' });

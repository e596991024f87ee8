import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// `prisma generate` needs no engine, but downloads one unless this names a file that exists.
Object.assign(process.env, { PRISMA_SCHEMA_ENGINE_BINARY: fileURLToPath(import.meta.url), ...process.env });

export default defineConfig({ schema: 'src/floor/schema.prisma' });

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { postgresFromEnvironment } from '@tenancy/testing/postgres';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const script of [
    'generate.mjs',
    '../oracle/generate.mjs',
    '../company/generate.mjs',
    '../agency/generate.mjs',
    '../enumeration/generate.mjs',
    '../names/generate.mjs',
  ]) {
    execFileSync(process.execPath, [fileURLToPath(new URL(script, import.meta.url))]);
  }
  const server = await postgresFromEnvironment();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}

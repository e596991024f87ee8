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
  execFileSync(process.execPath, [fileURLToPath(new URL('../generate.mjs', import.meta.url))]);
  const server = await postgresFromEnvironment();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { postgresFromEnvironment } from '@tenancy/testing/postgres';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresUrl: string;
  }
}

const programOf = createRequire(import.meta.url).resolve;

/**
 * Before the tests: the Prisma client they import, the program that `start.test.ts` runs, and one server, on which each
 * platform has a database of its own.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  // What `pnpm build` runs, without pnpm: a test runner may have been started by itself.
  const env = { ...process.env, PATH: `${cwd}node_modules/.bin${delimiter}${process.env['PATH']}` };
  for (const command of [
    [programOf('prisma/build/index.js'), 'generate'],
    [programOf('typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  ]) {
    await promisify(execFile)(process.execPath, command, { cwd, env });
  }
  const server = await postgresFromEnvironment();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}

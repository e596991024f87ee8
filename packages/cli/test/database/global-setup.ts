import { postgresFromEnvironment } from '@tenancy/testing/postgres';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresUrl: string;
  }
}

/** One server for every test file, each of which makes a database of its own on it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await postgresFromEnvironment();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}

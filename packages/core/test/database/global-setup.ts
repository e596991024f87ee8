import type { TestProject } from 'vitest/node';
// By its file: @tenancy/testing is built on this package.
import { postgresFromEnvironment } from '../../../testing/src/postgres/postgres-from-environment.js';

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

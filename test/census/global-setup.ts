import { postgresFromEnvironment } from '@tenancy/testing/postgres';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresUrl: string;
  }
}

/** One PostgreSQL server, the one that `DATABASE_URL` names or one of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await postgresFromEnvironment();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}

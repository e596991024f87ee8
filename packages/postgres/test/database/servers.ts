import pg from 'pg';
import { inject } from 'vitest';

/** A server that tests are run on. */
export interface TestServer {
  readonly title: string;
  readonly url: string;
}

/** The local server of version 15, where there is one: TENANCY_POSTGRES_15_URL says where, or the usual port is looked at. */
const OLDER = process.env['TENANCY_POSTGRES_15_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

async function olderServer(): Promise<TestServer | undefined> {
  const client = new pg.Client({ connectionString: OLDER, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('show server_version_num');
    const isOlder = Math.floor(Number(rows[0].server_version_num) / 10_000) === 15;
    return isOlder ? { title: 'on PostgreSQL 15', url: OLDER } : undefined;
  } catch {
    return undefined;
  } finally {
    await client.end();
  }
}

const older = await olderServer();

/** Servers that are here. */
export const servers: readonly TestServer[] = [
  { title: 'on the newest PostgreSQL', url: inject('postgresUrl') },
  ...(older ? [older] : []),
];

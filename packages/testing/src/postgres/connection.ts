import type { Client } from 'pg';

/** Runs `work` on a connection of its own to `connectionString`. `caller` is named when `pg` is missing. */
export async function connected<R>(
  caller: string,
  connectionString: string,
  work: (client: Client) => Promise<R>,
): Promise<R> {
  const pg = await loadPg(caller);
  const client = new pg.Client({ connectionString });
  // A connection that the server ends fails the query that is under way, and is nobody else's matter.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @throws Error that says how to install it. */
export async function loadPg(caller: string) {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new Error(`${caller}: the package pg is not installed. Install it with \`npm install --save-dev pg\`.`, {
      cause,
    });
  }
}

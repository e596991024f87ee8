import pg, { type Client, type ClientConfig } from 'pg';

/** Runs `work` on a connection of its own that writes nothing, and has no settings but what the server and the caller give it. */
export async function reading<R>(connection: string | ClientConfig, work: (client: Client) => Promise<R>): Promise<R> {
  const client = new pg.Client(typeof connection === 'string' ? { connectionString: connection } : { ...connection });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(
      `set default_transaction_read_only = on; set statement_timeout = '30s'; set lock_timeout = '2s'; set jit = off;
        set search_path = pg_catalog; set application_name = 'tenancy doctor'`,
    );
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

import { Client, type ClientConfig } from 'pg';
import { ChangeError } from '../plan/change-error.js';
import { readJson } from '../plan/read-json.js';

/** Settings that make a run the same wherever it runs, each of which may be overridden by nobody's defaults. */
const SETTINGS: Readonly<Record<string, string>> = {
  // Without bypass, a policy hides rows without a word; with this, that is an error.
  row_security: 'off',
  lock_timeout: '0',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '60s',
  default_transaction_isolation: 'read committed',
  // The cursor is kept as text.
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  // A machine that vanishes says no goodbye.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

/** O15: the server looks this often, in milliseconds, whether the client is still there while it works for it. */
const CHECK_INTERVAL = '500';

/** @param application - the name under which a later run finds what is left of this one */
export async function connect(connection: string | ClientConfig, application: string, path: string): Promise<Client> {
  const client = new Client(typeof connection === 'string' ? { connectionString: connection } : { ...connection });
  // A connection that breaks fails the query under way; without a listener it would end the process as well.
  client.on('error', () => {});
  await client.connect();
  try {
    const settings = { application_name: application, search_path: path, ...SETTINGS };
    const [backend] = await readJson<{ pid: number }>(
      client,
      `select pg_backend_pid() as pid, ${Object.keys(settings).map((name, n) => `set_config('${name}', $${n + 1}, false)`)}`,
      Object.values(settings),
    );
    // O17: a pooler tells each client a number of its own.
    if (backend?.pid !== (client as unknown as { readonly processID: number }).processID) {
      throw new ChangeError(
        'pooler_in_between',
        'there is a connection pooler between here and PostgreSQL, which gives one session to several clients, and would let two runs ' +
          "hold the same lock. Nothing was done. Pass the server's own address.",
      );
    }
    // Where the server's system cannot look, it says so.
    await client.query(`set client_connection_check_interval = ${CHECK_INTERVAL}`).catch(() => {});
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

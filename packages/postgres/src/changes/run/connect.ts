import type { Client, ClientConfig } from 'pg';
import { connectDirectly } from '../../direct/connect-directly.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from '../plan/change-error.js';

/** Settings of a run's sessions. */
const SETTINGS: Readonly<Record<string, string>> = {
  // Without bypass, a policy hides rows without a word; with this, that is an error.
  row_security: 'off',
  idle_in_transaction_session_timeout: '60s',
  // The cursor is kept as text.
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
};

/**
 * @param application - the name under which a later run finds what is left of this one
 * @throws ChangeError `pooler_in_between`; what `pg` says where nobody lets it in.
 */
export async function connect(connection: string | ClientConfig, application: string, path: string): Promise<Client> {
  const client = await connectDirectly(connection, {
    name: application,
    pooled: (cause) =>
      new ChangeError(
        'pooler_in_between',
        'there is a connection pooler between here and PostgreSQL, which gives one session to several clients, and would let two runs ' +
          "hold the same lock. Nothing was done. Pass the server's own address.",
        { cause },
      ),
    unreachable: (cause) => cause as Error,
  });
  try {
    const settings = { search_path: path, ...SETTINGS };
    await readJson(
      client,
      `select ${Object.keys(settings).map((name, n) => `set_config('${name}', $${n + 1}, false)`)}`,
      Object.values(settings),
    );
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

const url = process.env['MARIADB_URL'] ?? 'mysql://root@127.0.0.1:3306';

/** True when a server answers. */
export const isMariadbThere = await createConnection({ uri: url, connectTimeout: 2_000 }).then(
  (connection) => connection.end().then(() => true),
  () => false,
);

/** The message where tests need a server, and none answers. */
export const MARIADB_MISSING =
  'no server answers (to run these: docker run --rm -p 3306:3306 -e MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 mariadb, or set MARIADB_URL)';

/** A database of its own on the server, until it is stopped. */
export async function createMariadb(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const name = `tenancy_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string) => {
    const connection = await createConnection({ uri: url });
    await connection.query(sql).finally(() => connection.end());
  };
  await run(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = name;
  return { url: own.href, stop: () => run(`DROP DATABASE ${name}`) };
}

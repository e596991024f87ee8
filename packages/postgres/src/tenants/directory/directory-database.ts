import type { ClientBase, Pool, PoolConfig } from 'pg';
import pg from 'pg';
import { quoteIdentifier } from '../../policies/quoting.js';
import { AS_TEXT } from '../../protocol/as-text.js';
import { TenantsError } from '../tenants-error.js';

/** SQLSTATEs of a missing schema, table and column. */
const MISSING = ['3F000', '42P01', '42703'];
const UNIQUE = '23505';

export function poolConfig(connection: string | PoolConfig): PoolConfig {
  return typeof connection === 'string' ? { connectionString: connection } : connection;
}

/** The directory's connections, and the names of its tables. */
export class DirectoryDatabase {
  readonly schema: string;
  readonly #config: PoolConfig;
  #pool: Pool | undefined;

  constructor(connection: string | PoolConfig, schema: string) {
    this.schema = quoteIdentifier(schema);
    this.#config = poolConfig(connection);
  }

  get config(): PoolConfig {
    return this.#config;
  }

  /** Rows whose columns are texts, whatever the application has made of the parsers of types. `{s}` in `text` is the schema. */
  async ask<Row>(text: string, values: readonly unknown[], on?: ClientBase): Promise<readonly Row[]> {
    try {
      const query = { text: text.replaceAll('{s}', this.schema), values: [...values], types: AS_TEXT };
      const { rows } = await (on ?? this.#connections()).query(query);
      return rows as readonly Row[];
    } catch (cause) {
      throw this.#known(cause);
    }
  }

  /** Runs `work` in a transaction of its own, or in the caller's on `on`, which it neither begins nor ends. */
  async transaction<R>(work: (client: ClientBase) => Promise<R>, on?: ClientBase): Promise<R> {
    if (on) return work(on);
    const client = await this.#connections().connect();
    let failure: Error | undefined;
    try {
      await client.query('begin');
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((lost: Error) => {
        failure = lost;
      });
      throw this.#known(error);
    } finally {
      client.release(failure);
    }
  }

  async end(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  #connections(): Pool {
    if (this.#pool) return this.#pool;
    this.#pool = new pg.Pool({ max: 5, application_name: 'tenancy directory', allowExitOnIdle: true, ...this.#config });
    // Without listeners a connection that the server closes would end the process.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
    return this.#pool;
  }

  #known(error: unknown): unknown {
    const { code } = error as { readonly code?: string };
    if (code === UNIQUE) {
      return new TenantsError(
        'tenant_exists',
        'the id, slug or domain is taken, by a tenant or as the former slug of one. Nothing was done. Choose another one.',
      );
    }
    if (!code || !MISSING.includes(code)) return error;
    return new TenantsError(
      'directory_missing',
      `the database has no directory in the schema ${this.schema}, or an older one. Nothing was done. Run \`directory.install()\`, ` +
        'or put `tenantDirectorySql()` into a migration.',
      { cause: error },
    );
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Tenant } from '@tenancy/core';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import pg, { type PoolClient, type PoolConfig } from 'pg';
import { inject } from 'vitest';
import type { Isolation } from '../../src/connections/isolation.js';
import { databasePerTenant } from '../../src/isolation/database-per-tenant.js';
import type { DatabasePerTenantOptions } from '../../src/isolation/database-per-tenant-options.js';

/** Some tenants, each with a database that has three of its jobs: `acme job 1`, … */
export interface TenantDatabases {
  readonly tenants: readonly Tenant[];
  urlOf(tenant: Tenant): string;
  /** Looks at the server from outside. */
  readonly outside: pg.Pool;
  stop(): Promise<void>;
}

const NAMES = ['acme', 'globex', 'initech', 'umbrella', 'hooli', 'stark'];

export async function openTenantDatabases(count: number): Promise<TenantDatabases> {
  const serverUrl = inject('postgresUrl');
  const outside = new pg.Pool({ connectionString: serverUrl, max: 2 });
  outside.on('error', () => {});
  const tenants = NAMES.slice(0, count).map((slug) => ({ id: `t_${slug}`, slug }));
  const databases = new Map<string, TestDatabase>();
  for (const { id, slug } of tenants) {
    const database = await createDatabase(serverUrl);
    databases.set(id, database);
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('create table job (title text)');
    await client.query(`insert into job select $1 || ' job ' || n from generate_series(1, 3) n`, [slug]);
    await client.end();
  }
  return {
    tenants,
    outside,
    urlOf: ({ id }) => databases.get(id)?.url ?? `postgres://localhost/no_database_of_${id}`,
    stop: async () => {
      await Promise.all([...databases.values()].map((database) => database.stop()));
      await outside.end();
    },
  };
}

/** The context a caller is in, as `TenantContext` keeps it. */
export const context = new AsyncLocalStorage<Tenant | undefined>();

/** A strategy, what it asked for, and the pools it opened, under an `application_name` of its own. */
export interface Recorded {
  readonly isolation: Isolation;
  readonly applicationName: string;
  /** `open <slug>` when a pool is made, `close <slug>` when it has ended. */
  readonly log: string[];
  /** The most pools that there ever were at once, those that are ending included. */
  readonly peak: () => number;
  connect(tenant: Tenant): Promise<PoolClient>;
  titles(tenant: Tenant): Promise<string[]>;
}

type Options = Partial<DatabasePerTenantOptions> & {
  /** Milliseconds that a pool takes to end, besides what it takes anyway. */
  readonly farewell?: number;
};

export function record(databases: TenantDatabases, { farewell = 0, ...options }: Options = {}): Recorded {
  const applicationName = `databases_${randomBytes(6).toString('hex')}`;
  const log: string[] = [];
  let [open, peak] = [0, 0];
  const isolation = databasePerTenant({ connection: (tenant) => databases.urlOf(tenant), ...options });

  const createPoolFor = (tenant: Tenant) => (config: PoolConfig) => {
    const pool = new pg.Pool({ ...config, application_name: applicationName });
    log.push(`open ${tenant.slug}`);
    peak = Math.max(peak, ++open);
    const end = pool.end.bind(pool) as () => Promise<void>;
    pool.end = async () => {
      await end();
      if (farewell > 0) await pause(farewell);
      open--;
      log.push(`close ${tenant.slug}`);
    };
    return pool;
  };

  const connect = async (tenant: Tenant): Promise<PoolClient> => {
    const { connect } = isolation.place(tenant);
    if (!connect) throw new Error('a database per tenant has connections of its own');
    return connect(createPoolFor(tenant));
  };

  return {
    isolation,
    applicationName,
    log,
    peak: () => peak,
    connect,
    titles: async (tenant) => {
      const client = await connect(tenant);
      try {
        const { rows } = await client.query<{ title: string }>('select title from job order by title');
        return rows.map(({ title }) => title);
      } finally {
        client.release();
      }
    },
  };
}

export const titlesOf = ({ slug }: Tenant) => [1, 2, 3].map((n) => `${slug} job ${n}`);

/** The reason that a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: Error) => error,
  );
}

/** Ends what hangs: a busy machine may take its time. */
export const POLL = { timeout: 60_000, interval: 10 };

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

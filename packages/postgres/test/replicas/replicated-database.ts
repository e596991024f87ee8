import { TenantContext } from '@tenancy/core';
import { type PostgresServer, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import { expect, vi } from 'vitest';
import {
  createTenantPool,
  reading,
  rowLevelSecurity,
  type TenantPool,
  type TenantPoolOptions,
} from '../../src/index.js';
import { tenants } from '../database/floor-database.js';
import { Standby } from './standby.js';

/** Settings that a standby needs of its primary, and as many connections as tests have. */
export const SETTINGS = { wal_keep_size: '256MB', max_connections: '60', max_wal_senders: '6' };

/** A primary and replicas of it, with `job(tenant_id, id, title)` of three tenants under policies, for the role `app`. */
export class ReplicatedDatabase {
  readonly context = new TenantContext();
  readonly #pools: TenantPool[] = [];

  private constructor(
    readonly primary: PostgresServer,
    readonly replicas: readonly Standby[],
    /** Sees every row on the primary, and is no tenant pool: another process. */
    readonly outside: pg.Pool,
  ) {}

  static async open(replicas = 1): Promise<ReplicatedDatabase> {
    const primary = await startPostgres({ settings: SETTINGS });
    const outside = new pg.Pool({ connectionString: primary.url, max: 3 });
    outside.on('error', () => {});
    await outside.query(`
      create role app login password 'app';
      create table job (
        tenant_id text not null default current_setting('app.tenant_id'),
        id int not null, title text not null, primary key (tenant_id, id)
      );
      create sequence number;
      create function write_job() returns int language sql as
        $$ insert into job (id, title) values (1000, 'written') returning id $$;
      alter table job enable row level security, force row level security;
      create policy tenant on job to app using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))
        with check (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
      grant select, insert, update, delete on job to app;
      grant usage on sequence number to app;
      revoke temporary on database postgres from public;
    `);
    for (const { id, slug } of tenants) {
      await outside.query(`insert into job select $1, n, $2 || ' job ' || n from generate_series(1, 10) n`, [id, slug]);
    }
    const made: Standby[] = [];
    for (let n = 0; n < replicas; n += 1) made.push(await Standby.of(primary.url));
    return new ReplicatedDatabase(primary, made, outside);
  }

  get url(): string {
    return Object.assign(new URL(this.primary.url), { username: 'app', password: 'app' }).href;
  }

  get primaryPort(): number {
    return Number(new URL(this.primary.url).port);
  }

  /** A tenant pool of the application's role, with all replicas. */
  pool(options: Partial<TenantPoolOptions> = {}): TenantPool {
    const pool = createTenantPool({
      connectionString: this.url,
      context: this.context,
      isolation: rowLevelSecurity(),
      replicas: this.replicas.map((replica) => replica.urlAs('app', 'app')),
      ...options,
    });
    pool.on('error', () => {});
    this.#pools.push(pool);
    return pool;
  }

  /** Ends the pools of a test. */
  async afterTest(): Promise<void> {
    await Promise.all(this.#pools.splice(0).map((pool) => pool.end()));
  }

  async stop(): Promise<void> {
    await this.afterTest();
    await this.outside.end();
    for (const replica of this.replicas) await replica.stop();
    await this.primary.stop();
  }
}

const ANSWERED = 'select inet_server_port() as port';

/** The port of the server that answers a read of `pool`, whose tenant the context has. */
export async function portOf(pool: TenantPool): Promise<number> {
  return reading(async () => (await pool.query(ANSWERED)).rows[0].port);
}

/** Resolves when a read of `pool` is answered by this server: the log is written to disk, and replayed, a little later than it is made. */
export async function answeredBy(pool: TenantPool, port: number): Promise<void> {
  await vi.waitFor(async () => expect(await portOf(pool)).toBe(port), { timeout: 30_000, interval: 20 });
}

import { type Tenant, TenantContext } from '@tenancy/core';
import pg, { type ClientBase, type PoolClient, type PoolConfig } from 'pg';
import { createTenantPool, rowLevelSecurity } from '../../src/index.js';
import { JOBS } from './arena.js';

export type Kind = 'TenantPool' | 'pg.Pool';

/** A pool in a storm, and how a tenant asks it. */
export interface Subject {
  readonly pool: pg.Pool;
  prepare(): Promise<unknown>;
  as<R>(tenant: Tenant, work: () => Promise<R>): Promise<R>;
  /** The owner of the jobs that a tenant sees, by a statement that names no tenant, or where nothing else holds it, the own. */
  jobs(client: Pick<ClientBase, 'query'>, tenant: Tenant): Promise<boolean>;
}

export function subjectOf(kind: Kind, options: PoolConfig): Subject {
  const isOwn = (rows: readonly { readonly tenant_id: string }[], { id }: Tenant) =>
    rows.length === JOBS && rows.every(({ tenant_id }) => tenant_id === id);
  if (kind === 'pg.Pool') {
    const pool = new pg.Pool(options);
    // As everybody has to who uses it.
    pool.on('error', () => {});
    return {
      pool,
      prepare: () => pool.query('select 1'),
      as: (_, work) => work(),
      jobs: async (client, tenant) =>
        isOwn((await client.query('select tenant_id from open_job where tenant_id = $1', [tenant.id])).rows, tenant),
    };
  }
  const context = new TenantContext();
  // As in the README: nobody listens.
  const pool = createTenantPool({ ...options, context, isolation: rowLevelSecurity({ shared: ['open_job'] }) });
  return {
    pool,
    prepare: () => pool.verify(),
    as: (tenant, work) => context.run(tenant, work),
    jobs: async (client, tenant) => isOwn((await client.query('select tenant_id from job')).rows, tenant),
  };
}

/** A connection that is given back, or closed when the work fails, as applications do. */
export async function checkedOut<R>({ pool }: Subject, work: (client: PoolClient) => Promise<R>): Promise<R> {
  const client = await pool.connect();
  let failed: unknown;
  try {
    return await work(client);
  } catch (error) {
    failed = error;
    throw error;
  } finally {
    client.release(failed !== undefined);
  }
}

import type { Tenant, TenantContext } from '@tenancy/core';
import type { PoolClient } from 'pg';
import type { TenantPool } from '../../src/index.js';

/** Does `work` on a connection of `tenant`, and gives it back: closed, when the work fails. */
export async function checkedOut<T>(
  context: TenantContext,
  pool: TenantPool,
  tenant: Tenant,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await context.run(tenant, () => pool.connect());
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

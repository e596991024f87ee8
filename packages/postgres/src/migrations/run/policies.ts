import type { Client } from 'pg';
import { compilePolicies } from '../../policies/compile-policies.js';
import { heldTables } from '../../policies/held-tables.js';
import type { MigrationPolicies } from './migrate-options.js';

/**
 * Compiles the policies of the tables as the open transaction sees them, and runs them in it: no table that it made is without its own
 * when others see it (O14).
 *
 * @throws TenantFloorError `floor_misconfigured` for a table that is nobody's, and then nothing of the transaction stays.
 */
export function policiesOf(policies: MigrationPolicies): (client: Client) => Promise<void> {
  const { tables, schemas, tenantColumn, shared, hidden, ...compiled } = policies;
  const given = Object.entries({ tables, schemas, tenantColumn, shared, hidden });
  const options = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return async (client) => {
    await client.query(compilePolicies({ ...compiled, ...(await heldTables(client, options)) }).sql);
  };
}

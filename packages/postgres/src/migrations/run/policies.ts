import type { Client } from 'pg';
import { compilePolicies } from '../../policies/compile-policies.js';
import { readTables } from '../../policies/read-tables.js';
import type { MigrationPolicies } from './migrate-options.js';

/**
 * Compiles the policies of the tables as the open transaction sees them, and runs them in it: no table that it made is without its own
 * when others see it (O14).
 *
 * @throws TenantFloorError `floor_misconfigured` for a table that is nobody's, and then nothing of the transaction stays.
 */
export function policiesOf(policies: MigrationPolicies): (client: Client) => Promise<void> {
  const { tables: more = [], schemas, tenantColumn, shared, hidden, ...compiled } = policies;
  const options = Object.fromEntries(
    Object.entries({ schemas, tenantColumn, hidden }).filter(([, value]) => value !== undefined),
  );
  return async (client) => {
    // Tables whose own key is the tenant have no column of it.
    const own = more.map(({ schema = 'public', name }) => `${schema}.${name}`);
    const read = await readTables(client, { ...options, shared: [...(shared ?? []), ...own] });
    const isOwn = ({ schema = 'public', name }: { readonly schema?: string; readonly name: string }) =>
      own.includes(`${schema}.${name}`);
    const { sql } = compilePolicies({
      ...compiled,
      ...read,
      shared: read.shared.filter((table) => !isOwn(table)),
      tables: [...read.tables, ...more],
    });
    await client.query(sql);
  };
}

import type { Client } from 'pg';
import type { MigrationPolicies } from '../../migrations/run/migrate-options.js';
import { compilePolicies } from '../../policies/compile-policies.js';
import type { TenantTable } from '../../policies/policy-options.js';
import { isTenantColumn, readRelations } from '../../policies/relation-catalog.js';

/**
 * Holds those tables of a tenant's own schema that have the column of the tenant: beside rows of many in one database, the application's role
 * reaches them from everywhere by their full name. Tables without one are the tenant's by their place alone.
 */
export function schemaPolicies(
  { tables, schemas, tenantColumn = 'tenant_id', shared, hidden, ...compiled }: MigrationPolicies,
  schema: string,
): (client: Client) => Promise<void> {
  return async (client) => {
    const relations = await readRelations(client, [schema], tenantColumn);
    const own = relations.filter(({ fromExtension }) => !fromExtension);
    const held = own.flatMap((relation): TenantTable[] => {
      const { name, kind } = relation;
      return name !== null && kind === 'table' && isTenantColumn(relation)
        ? [{ schema, name, tenantColumn, type: relation.type }]
        : [];
    });
    if (held.length === 0) return;
    const views = own.flatMap(({ name, kind }) => (name !== null && kind === 'view' ? [{ schema, name }] : []));
    await client.query(compilePolicies({ ...compiled, tables: held, views }).sql);
  };
}

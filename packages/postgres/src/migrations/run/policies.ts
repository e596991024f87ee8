import type { Client } from 'pg';
import { compilePolicies } from '../../policies/compile-policies.js';
import { heldTables } from '../../policies/held-tables.js';
import { statementsOf } from '../source/schema-bound.js';
import type { Work } from './apply.js';
import type { MigrationPolicies } from './migrate-options.js';
import { heldIn, schemaContents } from './schema-policies.js';

/**
 * The policies of the tables as the open transaction sees them: run in it, they leave no table that it made without its own when others see
 * it (O14).
 *
 * @param schema - the tenant's own schema; null for the database itself
 * @throws TenantFloorError `floor_misconfigured` for a table of the database itself that is nobody's, and then nothing of the transaction stays.
 */
async function policySql(client: Client, policies: MigrationPolicies, schema: string | null): Promise<string> {
  if (schema !== null) {
    const held = heldIn(schema, await schemaContents(client, schema, policies), policies);
    return held === null ? '' : compilePolicies(held).sql;
  }
  const { tables, schemas, tenantColumn, shared, hidden, ...compiled } = policies;
  const given = Object.entries({ tables, schemas, tenantColumn, shared, hidden });
  const options = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return compilePolicies({ ...compiled, ...(await heldTables(client, options)) }).sql;
}

/**
 * Compiles the policies when it is called, and runs them in the open transaction.
 *
 * @param schema - the tenant's own schema; null for the database itself
 */
export async function applyPolicies(client: Client, policies: MigrationPolicies, schema: string | null): Promise<void> {
  const sql = await policySql(client, policies, schema);
  if (sql !== '') await client.query(sql);
}

/** Statements that make, change or drop no table, no column and no view, so that the policies are those of the tables that are there. */
const KEEPING_TABLES: ReadonlySet<string> = new Set([
  ...['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'TruncateStmt', 'LockStmt'],
  ...['IndexStmt', 'CommentStmt', 'CreateStatsStmt', 'CreateEnumStmt', 'AlterEnumStmt', 'VacuumStmt', 'ReindexStmt'],
]);

/** The policies that a run would compile, for a dry one: as SQL where its migrations keep the tables as they are, or what can be said. */
export async function plannedPolicies(
  client: Client,
  { schema, pending }: Work,
  policies: MigrationPolicies,
): Promise<string> {
  const steps = pending.flatMap(({ migration, done }) => migration.steps.slice(done));
  const isKnown = steps.every(
    (step) => step.kind !== 'code' && statementsOf(step).every(({ kind }) => KEEPING_TABLES.has(kind)),
  );
  return isKnown
    ? policySql(client, policies, schema)
    : '-- the policies of the tables as they are then are compiled here, and run in this transaction';
}

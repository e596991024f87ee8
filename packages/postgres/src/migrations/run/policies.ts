import type { Client } from 'pg';
import { compilePolicies } from '../../policies/compile-policies.js';
import { heldTables } from '../../policies/held-tables.js';
import { statementsOf } from '../source/schema-bound.js';
import type { Work } from './apply.js';
import type { MigrationPolicies } from './migrate-options.js';

/**
 * The policies of the tables as the open transaction sees them: run in it, they leave no table that it made without its own when others see
 * it (O14).
 *
 * @throws TenantFloorError `floor_misconfigured` for a table that is nobody's, and then nothing of the transaction stays.
 */
async function policySql(client: Client, policies: MigrationPolicies): Promise<string> {
  const { tables, schemas, tenantColumn, shared, hidden, ...compiled } = policies;
  const given = Object.entries({ tables, schemas, tenantColumn, shared, hidden });
  const options = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return compilePolicies({ ...compiled, ...(await heldTables(client, options)) }).sql;
}

/** Compiles the policies when it is called, and runs them in the open transaction. */
export function policiesOf(policies: MigrationPolicies): (client: Client) => Promise<void> {
  return async (client) => {
    await client.query(await policySql(client, policies));
  };
}

/** Statements that make, change or drop no table, no column and no view, so that the policies are those of the tables that are there. */
const KEEPING_TABLES: ReadonlySet<string> = new Set([
  ...['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'TruncateStmt', 'LockStmt'],
  ...['IndexStmt', 'CommentStmt', 'CreateStatsStmt', 'CreateEnumStmt', 'AlterEnumStmt', 'VacuumStmt', 'ReindexStmt'],
]);

/** The policies that a run would compile, for a dry one: as SQL where its migrations keep the tables as they are, or what can be said. */
export async function plannedPolicies(client: Client, { pending }: Work, policies: MigrationPolicies): Promise<string> {
  const steps = pending.flatMap(({ migration, done }) => migration.steps.slice(done));
  const isKnown = steps.every(
    (step) => step.kind !== 'code' && statementsOf(step).every(({ kind }) => KEEPING_TABLES.has(kind)),
  );
  return isKnown
    ? policySql(client, policies)
    : '-- the policies of the tables as they are then are compiled here, and run in this transaction';
}

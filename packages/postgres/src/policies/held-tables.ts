import type { CatalogConnection } from './catalog-connection.js';
import type { CompilePoliciesOptions } from './policy-options.js';
import { type ReadTablesOptions, readTables, type TableClassification } from './read-tables.js';

/** Tables as `readTables` finds them, and those that it does not know by their column, such as the tenants' own. */
export type HeldTablesOptions = ReadTablesOptions & Partial<Pick<CompilePoliciesOptions, 'tables'>>;

/**
 * Every table of some schemas, to be passed to `compilePolicies`: those of `tables` are tenants' by the column that is named there.
 *
 * @throws as `readTables`.
 */
export async function heldTables(
  connection: CatalogConnection,
  { tables: more = [], schemas, tenantColumn, shared = [], hidden }: HeldTablesOptions,
): Promise<Pick<CompilePoliciesOptions, 'tables'> & Omit<TableClassification, 'tables'>> {
  const options = Object.entries({ schemas, tenantColumn, hidden }).filter(([, value]) => value !== undefined);
  // Tables whose own key is the tenant have no column of it.
  const own = more.map(({ schema = 'public', name }) => `${schema}.${name}`);
  const read = await readTables(connection, { ...Object.fromEntries(options), shared: [...shared, ...own] });
  return {
    ...read,
    shared: read.shared.filter(({ schema, name }) => !own.includes(`${schema}.${name}`)),
    tables: [...read.tables, ...more],
  };
}

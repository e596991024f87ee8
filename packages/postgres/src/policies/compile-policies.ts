import {
  hiddenTableStatement,
  roleStatements,
  schemaStatements,
  sequenceStatement,
  sharedTableStatements,
  temporaryStatement,
  viewStatements,
} from './access-statements.js';
import { LOCK, otherGrantsStatement } from './other-grants.js';
import { dropAsideStatement, setAsideStatement } from './other-roles.js';
import type { CompilePoliciesOptions } from './policy-options.js';
import { resolvePolicyOptions } from './resolve-policy-options.js';
import { serverFunctionStatements } from './server-functions.js';
import { shortHash, tenantTableStatements } from './tenant-table-statements.js';

/** One table that policies were compiled for. */
export interface CompiledTable {
  readonly schema: string;
  readonly name: string;
  /** A hash of the table's policies, as 16 hexadecimal digits; in the database the policies carry it as a comment. */
  readonly hash: string;
}

/** The SQL of {@link compilePolicies}, with what it is about. */
export interface CompiledPolicies {
  /** All of it, to be pasted into a migration. */
  readonly sql: string;
  /** The same, statement by statement, without semicolons at the end. */
  readonly statements: readonly string[];
  readonly tables: readonly CompiledTable[];
  /** A hash of all statements, as 16 hexadecimal digits. */
  readonly hash: string;
}

/**
 * Compiles a list of tables to the SQL that makes PostgreSQL itself hold the tenants apart: roles, row-level security,
 * policies and grants. It is pure, and the same for the same tables in any order; nothing is sent anywhere.
 *
 * Run the SQL in one transaction, as the owner of the tables; run it again after any change, it starts from whatever it
 * finds. It takes an exclusive lock on each table for a moment. The roles get no password, without which they cannot log
 * in: set one yourself, and not in SQL that is committed. The owner
 * is held too and sees no rows, so migrations that move data need `adminRole`, or a role with BYPASSRLS.
 *
 * PostgreSQL 15 or later is needed when there are views. Foreign keys are checked without policies (G5): let them
 * contain the tenant column.
 *
 * @throws TenantFloorError `floor_misconfigured` when a table is named twice, a tenant column has a type that would need
 * a cast, or a name cannot be used.
 *
 * @example
 * ```ts
 * import { compilePolicies } from '@tenancy/postgres';
 *
 * const { sql } = compilePolicies({
 *   role: 'app',
 *   tables: [{ name: 'job' }, { name: 'candidate', tenantColumn: 'tenantId', type: 'uuid' }],
 *   shared: [{ name: 'country' }],
 * });
 * ```
 */
export function compilePolicies(options: CompilePoliciesOptions): CompiledPolicies {
  const resolved = resolvePolicyOptions(options);
  const tenantTables = resolved.tables.map((table) => ({ table, ...tenantTableStatements(table, resolved) }));
  const opening = [otherGrantsStatement(resolved), temporaryStatement(resolved), ...schemaStatements(resolved)];
  const groups = [
    ...roleStatements(resolved).map((statement) => [statement]),
    [LOCK, ...opening, setAsideStatement(resolved.tables, resolved)],
    ...tenantTables.map(({ statements }) => statements),
    [dropAsideStatement(resolved.tables, resolved)],
    ...resolved.shared.map((table) => sharedTableStatements(table, resolved)),
    ...resolved.views.map((view) => viewStatements(view, resolved)),
    [sequenceStatement(resolved)],
    ...resolved.hidden.map((table) => [hiddenTableStatement(table, resolved)]),
    serverFunctionStatements(resolved),
  ];
  const statements = groups.flat();
  const hash = shortHash(statements.join('\n'));
  const body = groups.map((group) => group.map((statement) => `${statement};\n`).join('')).join('\n');
  return {
    // No name appears in a comment: a line break in it would end the comment.
    sql: `-- Row-level security, compiled by @tenancy/postgres (${hash}). Run it in one transaction.\n\n${body}`,
    statements,
    tables: tenantTables.map(({ table: { schema, name }, hash }) => ({ schema, name, hash })),
    hash,
  };
}

/**
 * Those statements of {@link compilePolicies} that are about the schemas, tables and views themselves, where all of them have run before for
 * other tables of the same roles: without those about roles, the database and the server's functions, by which each waits for the other.
 */
export function compileTables(options: CompilePoliciesOptions): readonly string[] {
  const resolved = resolvePolicyOptions(options);
  const { tables, views } = resolved;
  return [
    otherGrantsStatement(resolved),
    ...schemaStatements(resolved),
    setAsideStatement(tables, resolved),
    ...tables.flatMap((table) => tenantTableStatements(table, resolved).statements),
    dropAsideStatement(tables, resolved),
    ...views.flatMap((view) => viewStatements(view, resolved)),
    sequenceStatement(resolved),
  ];
}

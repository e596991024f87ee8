import { doBlock, quoteIdentifier, quoteLiteral, quoteQualified } from './quoting.js';
import type { Relation, ResolvedPolicyOptions } from './resolve-policy-options.js';
import { quotedRoles } from './tenant-table-statements.js';

/** Creates the roles that are absent. Those that exist stay as they are, above all their passwords. */
export function roleStatements({ role, adminRole }: ResolvedPolicyOptions): string[] {
  return [role, ...(adminRole === null ? [] : [adminRole])].map((name) =>
    doBlock(
      [
        'BEGIN',
        `  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(name)}) THEN`,
        `    CREATE ROLE ${quoteIdentifier(name)} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;`,
        '  END IF;',
        // Roles belong to the whole server: a migration of another database may have been faster.
        'EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;',
        'END',
      ].join('\n'),
    ),
  );
}

/** Lets the roles look into the schemas and create nothing there. */
export function schemaStatements(options: ResolvedPolicyOptions): string[] {
  const roles = quotedRoles(options).join(', ');
  const { tables, shared, views } = options;
  const schemas = [...new Set([...tables, ...shared, ...views].map(({ schema }) => schema))]
    .sort()
    .map(quoteIdentifier);
  return schemas.flatMap((schema) => [
    `REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC, ${roles} CASCADE`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${roles}`,
  ]);
}

/** Lets the roles create no temporary table. Committed SQL runs in databases of many names, so it asks for the name where none was given. */
export function temporaryStatement(options: ResolvedPolicyOptions): string {
  const { database } = options;
  const roles = quotedRoles(options).join(', ');
  if (database !== null)
    return `REVOKE TEMPORARY ON DATABASE ${quoteIdentifier(database)} FROM PUBLIC, ${roles} CASCADE`;
  const revoke = `format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, %s CASCADE', current_database(), ${quoteLiteral(roles)})`;
  return doBlock(['BEGIN', `  EXECUTE ${revoke};`, 'END'].join('\n'));
}

/** Takes a relation away from the application. It need not be there: a tool may make its record of migrations later. */
export function hiddenTableStatement(table: Relation, options: ResolvedPolicyOptions): string {
  const target = quoteQualified(table);
  const roles = quotedRoles(options).join(', ');
  return doBlock(
    [
      'DECLARE',
      '  sequence regclass;',
      'BEGIN',
      `  IF to_regclass(${quoteLiteral(target)}) IS NULL THEN RETURN; END IF;`,
      `  REVOKE ALL ON TABLE ${target} FROM PUBLIC, ${roles} CASCADE;`,
      `  FOR sequence IN ${ownedSequences(`${quoteLiteral(target)}::regclass`)}`,
      '  LOOP',
      `    EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, %s CASCADE', sequence, ${quoteLiteral(roles)});`,
      '  END LOOP;',
      'END',
    ].join('\n'),
  );
}

/** The sequences that belong to columns of the tables. */
function ownedSequences(tables: string): string {
  return [
    'SELECT c.oid FROM pg_catalog.pg_depend d',
    "    JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'",
    "    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass",
    `    AND d.deptype IN ('a', 'i') AND d.refobjid = ${tables}`,
  ].join('\n');
}

/** A table of everybody: no policy, and nobody may empty it. */
export function sharedTableStatements(
  table: ResolvedPolicyOptions['shared'][number],
  options: ResolvedPolicyOptions,
): string[] {
  const roles = quotedRoles(options).join(', ');
  const rights = table.writable ? 'SELECT, INSERT, UPDATE, DELETE' : 'SELECT';
  return [
    `REVOKE ALL ON TABLE ${quoteQualified(table)} FROM PUBLIC, ${roles} CASCADE`,
    `GRANT ${rights} ON TABLE ${quoteQualified(table)} TO ${roles}`,
  ];
}

/** G7: a view reads with the rights of its owner, past every policy, unless it is told not to. */
export function viewStatements(view: Relation, options: ResolvedPolicyOptions): string[] {
  const roles = quotedRoles(options).join(', ');
  return [
    `REVOKE ALL ON TABLE ${quoteQualified(view)} FROM PUBLIC, ${roles} CASCADE`,
    `ALTER VIEW ${quoteQualified(view)} SET (security_invoker = true)`,
    `GRANT SELECT ON TABLE ${quoteQualified(view)} TO ${roles}`,
  ];
}

/** The sequences that belong to columns of tables the roles insert into, or that their defaults take the next value of. */
export function sequenceStatement(options: ResolvedPolicyOptions): string {
  const writable = [...options.tables, ...options.shared.filter((table) => table.writable)];
  const targets = writable.map((table) => `    ${quoteLiteral(quoteQualified(table))}`).join(',\n');
  return doBlock(
    [
      'DECLARE',
      '  sequence regclass;',
      'BEGIN',
      '  FOR sequence IN',
      `    ${ownedSequences(`ANY (ARRAY[\n${targets}\n    ]::regclass[])`)}`,
      '    UNION',
      '    SELECT c.oid FROM pg_catalog.pg_attrdef a',
      "    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = a.oid",
      "    JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'S'",
      "    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass",
      `    AND a.adrelid = ANY (ARRAY[\n${targets}\n    ]::regclass[])`,
      '  LOOP',
      `    EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', sequence, ${quoteLiteral(quotedRoles(options).join(', '))});`,
      '  END LOOP;',
      'END',
    ].join('\n'),
  );
}

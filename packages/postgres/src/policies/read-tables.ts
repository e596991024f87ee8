import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { isNamed, requireList, requireName, requireOptions, requireQueryable } from '../errors/require-arguments.js';
import type { CatalogConnection } from './catalog-connection.js';
import type { HiddenTable, SharedTable, TenantTable, TenantView } from './policy-options.js';
import { CHANGES, isTenantColumn, LEDGER, type NamedRelation, readRelations } from './relation-catalog.js';
import { relationProblem } from './relation-problem.js';
import { describeRelation, refuseSlipsIn } from './resolve-policy-options.js';

/** Options of {@link readTables}. */
export interface ReadTablesOptions {
  /**
   * The schemas that are read.
   * @defaultValue `['public']`
   */
  readonly schemas?: readonly string[];
  /**
   * The column that makes a table the tenants'.
   * @defaultValue `'tenant_id'`
   */
  readonly tenantColumn?: string;
  /**
   * The tables without a tenant: as `name`, which means it in each of the schemas, as `schema.name`, or as an object
   * that says more.
   * @defaultValue `[]`
   */
  readonly shared?: readonly (string | SharedTable)[];
  /**
   * Tables that the application must not see at all: the records of migrations, tables of the operators. Written like `shared`.
   * @defaultValue `[]`
   */
  readonly hidden?: readonly (string | HiddenTable)[];
}

/** A table with the tenant of each row, as {@link readTables} finds it. */
export interface ClassifiedTable extends Required<TenantTable> {
  /**
   * True when the tenant column may be NULL. A row without a tenant is nobody's: only `adminRole` sees it, and the
   * application cannot write one.
   */
  readonly nullable: boolean;
}

/** Every table and view of some schemas, to be passed to `compilePolicies` together with a role. */
export interface TableClassification {
  readonly tables: readonly ClassifiedTable[];
  readonly shared: readonly Required<SharedTable>[];
  readonly views: readonly Required<TenantView>[];
  /** Absent when nothing is hidden. */
  readonly hidden?: readonly Required<HiddenTable>[];
}

/**
 * Reads the tables and views of a live database and says of each what it is: a tenant's, shared, a view, or hidden from the
 * application. One query.
 *
 * Nothing stays unclassified: a table without the tenant column must be named in `shared` or in `hidden`, even one that only
 * joins two others (G7). A partition is a table too, because reading it directly asks its own policies and not its parent's.
 * Relations of an extension are left out unless they are named, and so are the records `public.tenancy_migrations` and `public.tenancy_changes`.
 *
 * @throws TenantFloorError `floor_misconfigured` for an argument or option that is wrong, and naming every table that is none of them, every name in `shared` that has
 * the tenant column, every name in either list that does not exist or stands in both, and every materialised view and foreign
 * table that is in neither.
 *
 * @example
 * ```ts
 * import { compilePolicies, readTables } from '@tenancy/postgres';
 * import { Client } from 'pg';
 *
 * const client = new Client('postgres://localhost/app');
 * await client.connect();
 * const { sql } = compilePolicies({ role: 'app', ...(await readTables(client, { shared: ['country'] })) });
 * ```
 */
export async function readTables(
  connection: CatalogConnection,
  options: ReadTablesOptions = {},
): Promise<TableClassification> {
  requireQueryable('readTables', connection);
  requireOptions('readTables', options);
  refuseUnknown('readTables', options, ['schemas', 'tenantColumn', 'shared', 'hidden']);
  const { schemas = ['public'], tenantColumn = 'tenant_id', shared = [], hidden = [] } = options;
  requireList('readTables', 'schemas', schemas);
  requireName('readTables', 'tenantColumn', tenantColumn);
  for (const [list, entries] of Object.entries({ shared, hidden })) requireList('readTables', list, entries, isNamed);
  refuseSlipsIn('readTables', { shared, hidden });
  const rows = await readRelations(connection, [...new Set(schemas)], tenantColumn);
  const problems = rows
    .filter(({ schemaExists }) => !schemaExists)
    .map(({ schema }) => `There is no schema ${JSON.stringify(schema)}. Correct schemas.`);
  const relations = rows.filter((row): row is NamedRelation => row.name !== null);
  for (const [list, entries] of Object.entries({ shared, hidden })) {
    for (const entry of entries) {
      if (relations.some((relation) => isNamedBy(entry, relation))) continue;
      const name = typeof entry === 'string' ? entry : describeRelation({ schema: 'public', ...entry });
      problems.push(`There is no table ${name}, which ${list} names. Correct the name, or add its schema to schemas.`);
    }
  }
  const sharing = (relation: NamedRelation) => shared.find((entry) => isNamedBy(entry, relation));
  const isHidden = (relation: NamedRelation) => hidden.some((entry) => isNamedBy(entry, relation));
  const concealed = relations.filter(isHidden);
  for (const relation of concealed.filter(sharing)) {
    problems.push(`${describeRelation(relation)} is named in both shared and hidden. Keep the one that is true.`);
  }
  for (const { ancestors, ...relation } of concealed) {
    for (const above of relations.filter(({ schema, name }) => ancestors.includes(`${schema}.${name}`))) {
      if (sharing(above) === undefined) continue;
      problems.push(
        `${describeRelation(above)} is named in shared, and shows the rows of ${describeRelation(relation)}, which inherits from it and is named in hidden. Name both in hidden.`,
      );
    }
  }
  const isLeftOut = ({ schema, name, fromExtension }: NamedRelation) =>
    fromExtension || [LEDGER, CHANGES].includes(`${schema}.${name}`);
  const examined = relations.filter(
    (relation) => !isHidden(relation) && (!isLeftOut(relation) || sharing(relation) !== undefined),
  );
  const problemOf = (relation: NamedRelation) =>
    relationProblem(relation, sharing(relation) !== undefined, tenantColumn);
  problems.push(...examined.map(problemOf).filter((problem) => problem !== null));
  if (problems.length > 0) {
    throw misconfigured(`not every table can be held.\n- ${problems.join('\n- ')}`);
  }
  return {
    tables: examined.flatMap((relation) => {
      const { schema, name, kind, nullable } = relation;
      return kind === 'table' && isTenantColumn(relation)
        ? [{ schema, name, tenantColumn, type: relation.type, nullable }]
        : [];
    }),
    shared: examined.flatMap((relation) => {
      const entry = sharing(relation);
      const writable = typeof entry === 'object' && entry.writable === true;
      return entry === undefined ? [] : [{ schema: relation.schema, name: relation.name, writable }];
    }),
    // An extension's view keeps the rights of its owner, so it is not among those that are made to run as their caller.
    views: examined.flatMap(({ schema, name, kind, fromExtension }) =>
      kind === 'view' && !fromExtension ? [{ schema, name }] : [],
    ),
    ...(concealed.length === 0 ? {} : { hidden: concealed.map(({ schema, name }) => ({ schema, name })) }),
  };
}

function isNamedBy(entry: string | SharedTable | HiddenTable, { schema, name }: NamedRelation): boolean {
  if (typeof entry === 'string') return entry === name || entry === `${schema}.${name}`;
  return entry.name === name && (entry.schema ?? 'public') === schema;
}

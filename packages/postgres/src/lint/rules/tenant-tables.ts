import { TENANT_COLUMN_TYPES } from '../../policies/policy-body.js';
import { indexName, statements } from '../rule/fix.js';
import { hasIndexOf } from '../rule/keys.js';
import { isDropOfTable, isMadeGood, laterSteps } from '../rule/later-steps.js';
import type { FileEnd, LintRule, Report } from '../rule/rule.js';
import { classOf, isListed, isTenantTable } from '../rule/tables.js';
import { relationsRead } from '../schema/apply.js';
import { selectedNames } from '../schema/apply-create.js';
import { columnsIn } from '../schema/read-constraint.js';
import type { Table } from '../schema/table.js';
import { doesNothing } from '../sql/merge.js';
import { keyOf, quoted, sqlList, sqlName } from '../sql/names.js';
import { node, text } from '../sql/nodes.js';

/** A rule about tables as they are at the end of the file that made them. */
const onNewTables = (
  check: (table: Table, end: FileEnd) => Iterable<Report>,
  also: { readonly partitions?: true } = {},
): NonNullable<LintRule['end']> =>
  function* (end) {
    for (const table of end.schema.tables.values()) {
      if (table.made.file !== end.file.number || table.isTemporary) continue;
      if (table.partitionOf && !also.partitions) continue;
      const { statement } = table.made;
      if (statement) for (const report of check(table, end)) yield { ...report, statement };
    }
  };

/** A new table of which nobody says whose its rows are. */
export const classification: LintRule = {
  name: 'classification',
  group: 'tenants',
  severity: 'error',
  finds: 'a new table with no tenant column that is neither in `shared` nor in `hidden`',
  why: 'It is unknown whose its rows are, so nothing keeps them apart.',
  safe: 'a tenant column, or a place in `shared` or `hidden`',
  end: onNewTables(function* (table, { options }) {
    if (options.strategy !== 'rows' || classOf(table, options) !== 'unclassified') return;
    const [name, column] = [sqlName(table.name), quoted(options.tenantColumn)];
    yield {
      message: `${name} has no column ${column}, and is listed neither as shared nor as hidden, so its rows are everybody's or nobody's.`,
      fix: `ALTER TABLE ${name} ADD COLUMN ${column} text NOT NULL;\n-- or list it: shared: ['${keyOf(table.name)}']`,
    };
  }),
};

/** A tenant column that may be empty, or whose type no policy compares. */
export const tenantColumn: LintRule = {
  name: 'tenant-column',
  group: 'tenants',
  severity: 'error',
  finds: 'a tenant column that may be NULL, or of a type that cannot be compared with the setting without a cast',
  why: 'A row without a tenant is seen by nobody; a cast on the column (G3) puts its index out of use.',
  safe: '`NOT NULL`, of type `text`, `varchar`, `uuid`, `integer` or `bigint`',
  end: onNewTables(function* (table, { options }) {
    if (!isTenantTable(table, options)) return;
    const column = table.columns.get(options.tenantColumn);
    const [on, name] = [sqlName(table.name), quoted(options.tenantColumn)];
    if (column?.type && !TYPES.has(column.type.name) && !column.type.name.includes('.')) {
      yield {
        message: `${name} of ${on} is of type ${column.type.name}, which policies compare with the setting only by a cast on the column, and without its index.`,
        fix: statements(`ALTER TABLE ${on} ALTER COLUMN ${name} TYPE text`),
      };
    }
    if (column?.type && !column.isNotNull) {
      yield {
        message: `${name} of ${on} may be NULL, and a row without a tenant is seen by nobody.`,
        fix: statements(`ALTER TABLE ${on} ALTER COLUMN ${name} SET NOT NULL`),
      };
    }
  }),
};

const TYPES: ReadonlySet<string> = new Set([...TENANT_COLUMN_TYPES, 'int4', 'int8']);

/** A tenant table that no index divides by tenant. */
export const tenantIndex: LintRule = {
  name: 'tenant-index',
  group: 'tenants',
  severity: 'warning',
  finds: 'a tenant table without an index that begins with the tenant, or one that loses its last',
  why: 'Every query asks for the tenant first, by its policy: without such an index each reads the rows of all tenants.',
  safe: 'an index that begins with the tenant',
  *end({ schema, options, file, before }) {
    for (const [key, table] of schema.tables) {
      if (
        !isTenantTable(table, options) ||
        table.isTemporary ||
        table.partitionOf ||
        hasIndexOf(table, options.tenantColumn)
      )
        continue;
      const isNew = table.made.file === file.number;
      if (!isNew && !before.get(key)?.isLed) continue;
      const statement = isNew
        ? table.made.statement
        : file.steps.findLast(({ kind, objectType }) => kind.startsWith('AT_Drop') || objectType === 'OBJECT_INDEX')
            ?.statement;
      if (!statement) continue;
      const columns = [options.tenantColumn, ...(table.columns.has('id') ? ['id'] : [])];
      yield {
        statement,
        message: `no index of ${sqlName(table.name)} begins with ${quoted(options.tenantColumn)}, for which every query asks by its policy.`,
        fix: statements(
          `CREATE INDEX ${isNew ? '' : 'CONCURRENTLY '}${indexName(table.name.name, columns)} ON ${sqlName(table.name)} (${sqlList(columns)})`,
        ),
      };
    }
  },
};

/** A copy of tenants' rows, which leaves the policies behind. */
export const copiedRows: LintRule = {
  name: 'copied-rows',
  group: 'tenants',
  severity: 'error',
  finds:
    '`CREATE TABLE … AS` and `SELECT … INTO` of tenant tables, but for temporary tables, those of `hidden`, and copies that the same file protects or drops',
  why: 'The copy has the rows of every tenant and none of the policies, keys and indexes that keep them apart; policies are compiled for it only where it has the tenant column.',
  safe: '`CREATE TABLE … (LIKE … INCLUDING ALL)`, its policies, then `INSERT`',
  steps: {
    *CreateTableAsStmt(place) {
      const { tree, step, schema, options } = place;
      const { relation: copy, objectType } = step;
      const into = node(tree, 'into');
      const isLasting = text(node(into, 'rel'), 'relpersistence') !== 't' && into['skipData'] !== true;
      if (!copy || objectType !== 'OBJECT_TABLE' || !isLasting || isListed(copy, options.hidden)) return;
      const source = relationsRead(tree['query'])
        .flatMap((name) => schema.readBy(name))
        .map((name) => schema.table(name))
        .find((table) => isTenantTable(table, options));
      if (!source || [...laterSteps(place)].some(isDropOfTable)) return;
      const isCompiled = options.policies === 'compiled' && !isListed(copy, options.shared);
      if (!isCompiled && isMadeGood(place, 'CreatePolicyStmt') && isMadeGood(place, 'AT_EnableRowSecurity')) return;
      const [on, from] = [sqlName(copy), sqlName(source.name)];
      const hasTenant = selectedNames(tree, schema)?.includes(options.tenantColumn) ?? true;
      yield {
        severity: isCompiled && hasTenant ? 'warning' : 'error',
        message: `${on} gets the rows of every tenant out of ${from}, and none of the policies, keys and indexes: where nobody compiles policies for it, who reads it sees them all.`,
        fix: `${statements(`CREATE TABLE ${on} (LIKE ${from} INCLUDING ALL)`)}\n-- policies as ${from} has them, ENABLE and FORCE; then:\n${statements(`INSERT INTO ${on} SELECT * FROM ${from}`)}`,
      };
    },
  },
};

/** A MERGE in which rows of one tenant meet those of another. */
export const mergedTenants: LintRule = {
  name: 'merged-tenants',
  group: 'tenants',
  severity: 'error',
  finds: '`MERGE` into a tenant table from a tenant table whose `ON` does not compare the tenant column',
  why: 'Whoever runs it past the policies changes the rows of one tenant by those of another that have the same key, or leaves out a row because another tenant has one like it.',
  safe: 'the tenant column in `ON`',
  steps: {
    *MergeStmt({ tree, table, schema, options }) {
      if (!isTenantTable(table, options) || doesNothing(tree)) return;
      const source = relationsRead(tree['sourceRelation'])
        .flatMap((name) => schema.readBy(name))
        .map((name) => schema.table(name))
        .find((other) => isTenantTable(other, options));
      if (!source || columnsIn(tree['joinCondition']).includes(options.tenantColumn)) return;
      const [on, column] = [sqlName(table.name), quoted(options.tenantColumn)];
      yield {
        message: `a row of ${on} matches those of ${sqlName(source.name)} that other tenants have, as ON says nothing of ${column}.`,
        fix: `-- compare the tenant in ON as well:\n-- ON … AND ${on}.${column} = ${sqlName(source.name)}.${column}`,
      };
    },
  },
};

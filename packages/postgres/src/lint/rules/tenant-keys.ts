import { indexName, statements } from '../rule/fix.js';
import { isUnguessable, serves } from '../rule/keys.js';
import type { LintRule } from '../rule/rule.js';
import { isTenantTable } from '../rule/tables.js';
import { type Constraint, type Table, uniqueKeysOf } from '../schema/table.js';
import { quoted, sqlList, sqlName } from '../sql/names.js';

/** G6: a unique key over the rows of all tenants. */
export const uniqueKeys: LintRule = {
  name: 'unique-keys',
  group: 'tenants',
  severity: 'warning',
  finds:
    'a primary key, unique key or unique index of a tenant table without the tenant. Keys with a uuid or a number of a sequence are left alone',
  why: 'G6: a value that one tenant has is refused to all others, which tells them that somebody has it.',
  safe: 'the tenant as first column of the key',
  *end({ schema, options, file }) {
    for (const table of schema.tables.values()) {
      if (!isTenantTable(table, options) || table.isTemporary || table.partitionOf) continue;
      for (const key of uniqueKeysOf(table)) {
        if (key.columns.includes(options.tenantColumn) || isUnguessable(table, key)) continue;
        const { statement } = key.made;
        if (key.made.file !== file.number || !statement) continue;
        const columns = key.columns.map((column) => (column === undefined ? '(…)' : quoted(column)));
        const all = [quoted(options.tenantColumn), ...columns].join(', ');
        const isNew = table.made.file === file.number;
        const on = sqlName(table.name);
        const constraint = key.constraint === undefined ? undefined : table.constraints.get(key.constraint);
        yield {
          statement,
          message: `${quoted(key.name)} is over the rows of all tenants: a value that one has is refused to the others, which tells them so.`,
          fix: constraint
            ? constraint.kind === 'exclusion'
              ? `-- add "${quoted(options.tenantColumn)} WITH =" to ${quoted(key.name)}`
              : isNew
                ? statements(
                    `ALTER TABLE ${on} DROP CONSTRAINT ${quoted(key.name)}, ADD CONSTRAINT ${quoted(key.name)} ${constraint.kind === 'primary' ? 'PRIMARY KEY' : 'UNIQUE'} (${all})`,
                  )
                : statements(
                    `CREATE UNIQUE INDEX CONCURRENTLY ${quoted(`${key.name}_of_tenant`)} ON ${on} (${all})`,
                    '-- and without the old one, once no code names it in ON CONFLICT',
                  )
            : statements(
                `CREATE UNIQUE INDEX ${isNew ? '' : 'CONCURRENTLY '}${quoted(`${key.name}_of_tenant`)} ON ${on} (${all})`,
                '-- in place of the other one',
              ),
        };
      }
    }
  },
};

/** G5: a foreign key that another tenant's row satisfies. */
export const foreignKeys: LintRule = {
  name: 'foreign-keys',
  group: 'tenants',
  severity: 'error',
  finds:
    'a foreign key between tenant tables that does not pair their tenant columns, or whose `ON DELETE SET NULL` or `SET DEFAULT` would change the tenant',
  why: "G5: foreign keys are checked without policies, so a row may point at another tenant's.",
  safe: '`FOREIGN KEY (tenant_id, x) REFERENCES … (tenant_id, id)`',
  *end({ schema, options, file }) {
    const tenant = options.tenantColumn;
    for (const table of schema.tables.values()) {
      if (!isTenantTable(table, options) || table.isTemporary || table.partitionOf) continue;
      for (const key of table.constraints.values()) {
        if (key.kind !== 'foreign' || !key.references || key.made.file !== file.number) continue;
        const other = schema.table(key.references);
        if (!isTenantTable(other, options)) continue;
        const { statement } = key.made;
        if (!statement) continue;
        const target = key.referencedColumns?.length ? key.referencedColumns : primaryOf(other);
        const [on, to] = [sqlName(table.name), sqlName(other.name)];
        const pairs = key.columns.map((column, at) => [column, target[at]] as const);
        const isNew = table.made.file === file.number;
        if (!pairs.some(([own, theirs]) => own === tenant && theirs === tenant)) {
          const own = sqlList([tenant, ...key.columns.filter((column) => column !== tenant)]);
          const theirs = sqlList([tenant, ...target.filter((column) => column !== tenant)]);
          yield {
            statement,
            message: `${quoted(key.name)} is checked without policies: a row of one tenant may point at a row of ${to} that is another's.`,
            fix: statements(
              `CREATE UNIQUE INDEX ${other.made.file === file.number ? '' : 'CONCURRENTLY '}${indexName(other.name.name, [tenant, ...target.filter((column) => column !== tenant)])} ON ${to} (${theirs}) -- where no unique key has these columns`,
              `ALTER TABLE ${on} DROP CONSTRAINT ${quoted(key.name)}`,
              `ALTER TABLE ${on} ADD CONSTRAINT ${quoted(key.name)} FOREIGN KEY (${own}) REFERENCES ${to} (${theirs})${isNew ? '' : ' NOT VALID'}`,
            ),
          };
        } else if (changesTenant(key.deletes, tenant)) {
          const [word, value] = key.deletes?.action === 'd' ? ['DEFAULT', 'its default'] : ['NULL', 'NULL'];
          const rest = sqlList(key.columns.filter((column) => column !== tenant));
          yield {
            statement,
            message: `when a row of ${to} is deleted, ${quoted(key.name)} sets ${quoted(tenant)} to ${value} as well: the delete fails, or the row becomes ${word === 'NULL' ? "nobody's" : "another tenant's"}.`,
            fix: statements(
              `ALTER TABLE ${on} DROP CONSTRAINT ${quoted(key.name)}`,
              `ALTER TABLE ${on} ADD CONSTRAINT ${quoted(key.name)} FOREIGN KEY (${sqlList(key.columns)}) REFERENCES ${to} (${sqlList(target)}) ON DELETE SET ${word} (${rest})${isNew ? '' : ' NOT VALID'}`,
            ),
          };
        }
      }
    }
  },
};

function changesTenant(deletes: Constraint['deletes'], tenant: string): boolean {
  if (deletes?.action !== 'n' && deletes?.action !== 'd') return false;
  return deletes.columns.length === 0 || deletes.columns.includes(tenant);
}

function primaryOf(table: Table): readonly string[] {
  return [...table.constraints.values()].find(({ kind }) => kind === 'primary')?.columns ?? [];
}

/** A foreign key whose rows are found by no index. */
export const foreignKeyIndex: LintRule = {
  name: 'foreign-key-index',
  group: 'tenants',
  severity: 'advice',
  finds: 'a foreign key of a tenant table whose columns no index begins with',
  why: 'Each row that is deleted or whose key changes looks for those that refer to it: without an index the whole table is read for each.',
  safe: 'an index that begins with the columns of the key',
  *end({ schema, options, file }) {
    for (const table of schema.tables.values()) {
      if (!isTenantTable(table, options) || table.isTemporary || table.partitionOf) continue;
      for (const key of table.constraints.values()) {
        if (key.kind !== 'foreign' || key.made.file !== file.number || serves(table, key.columns)) continue;
        const { statement } = key.made;
        if (!statement) continue;
        yield {
          statement,
          message: `a delete in ${key.references ? sqlName(key.references) : 'the other table'} reads all of ${sqlName(table.name)} for each row, to see what refers to it.`,
          fix: statements(
            `CREATE INDEX ${table.made.file === file.number ? '' : 'CONCURRENTLY '}${indexName(table.name.name, key.columns)} ON ${sqlName(table.name)} (${sqlList(key.columns)})`,
          ),
        };
      }
    }
  },
};

import type { SyntaxTree } from '../../parser/parse-sql.js';
import { inTwoMigrations, statements } from '../rule/fix.js';
import type { LintRule } from '../rule/rule.js';
import { columnsIn } from '../schema/read-constraint.js';
import type { Table } from '../schema/table.js';
import { keyOf, literal, nameOf, quoted, relationName, sqlName } from '../sql/names.js';
import { constantOf, locationOf, type NamedNode, node, nodes, text } from '../sql/nodes.js';

/** LOCK TABLE in a mode that somebody waits for. */
export const banLockTable: LintRule = {
  name: 'ban-lock-table',
  group: 'locks',
  severity: 'warning',
  finds: '`LOCK TABLE` in a mode that keeps writers or readers out',
  why: 'The lock is held until the whole migration ends.',
  safe: 'no `LOCK TABLE`, or `SHARE UPDATE EXCLUSIVE`',
  steps: {
    *LockStmt({ tree, schema, isLive }) {
      // ROW EXCLUSIVE and below are what every writer takes; SHARE UPDATE EXCLUSIVE keeps only other schema changes out.
      if (Number(tree['mode']) <= 4) return;
      const live = nodes(tree, 'relations')
        .map(({ tree: range }) => relationName(range))
        .filter((name) => isLive(schema.table(name)));
      if (live.length === 0) return;
      yield {
        message: `${live.map(sqlName).join(', ')} is locked until the whole migration ends.`,
        fix: statements(
          '-- leave it out; each statement takes the lock that it needs',
          `LOCK TABLE ${live.map(sqlName).join(', ')} IN SHARE UPDATE EXCLUSIVE MODE`,
        ),
      };
    },
  },
};

/** TRUNCATE of a table that is in use. */
export const banTruncate: LintRule = {
  name: 'ban-truncate',
  group: 'locks',
  severity: 'error',
  finds: '`TRUNCATE` of a table that an earlier file made',
  why: 'It takes `ACCESS EXCLUSIVE`, asks no policy, and deletes the rows of every tenant; `CASCADE` goes on to every table that refers to it.',
  safe: 'delete in batches, outside the migration',
  steps: {
    *TruncateStmt({ tree, schema, isLive }) {
      const live = nodes(tree, 'relations')
        .map(({ tree: range }) => relationName(range))
        .filter((name) => isLive(schema.table(name)));
      if (live.length === 0) return;
      const names = live.map(sqlName).join(', ');
      yield {
        message:
          `every row of ${names} is deleted, of all tenants and whatever policies say, under an ACCESS EXCLUSIVE lock` +
          `${text(tree, 'behavior') === 'DROP_CASCADE' ? '; CASCADE does the same to every table that refers to it' : ''}.`,
        fix: `-- delete in batches outside the migration, or make a new table and exchange the two; if it is meant, say why:\n-- tenancy-lint-ignore ban-truncate: nobody uses ${names} yet`,
      };
    },
  },
};

/** ATTACH PARTITION that reads the whole partition. */
export const attachingPartition: LintRule = {
  name: 'attaching-partition',
  group: 'locks',
  severity: 'error',
  finds: '`ATTACH PARTITION` of a table with rows on whose key no valid `CHECK` says that they fit',
  why: 'Every row of it is read under `ACCESS EXCLUSIVE`; with a valid check of the same bounds nothing is read.',
  safe: 'a `CHECK` of the bounds `NOT VALID`, `VALIDATE`, then attach',
  steps: {
    *AT_AttachPartition({ tree, table, schema, isLive, step }) {
      if (step.objectType !== 'OBJECT_TABLE') return;
      const name = relationName(node(node(node(tree, 'def'), 'PartitionCmd'), 'name'));
      const child = schema.table(name);
      if (!isLive(child)) return;
      const keys = table.partitionKey ?? [];
      const isChecked = [...child.constraints.values()].some(
        ({ kind, isValid, condition }) =>
          kind === 'check' &&
          isValid &&
          condition !== undefined &&
          keys.every((key) => columnsIn({ [condition.kind]: condition.tree }).includes(key)),
      );
      if (isChecked) return;
      const check = quoted(`${child.name.name}_bounds`);
      const bounds = boundsOf(node(node(node(tree, 'def'), 'PartitionCmd'), 'bound'), keys);
      yield {
        message: `every row of ${sqlName(name)} is read to see that it fits the bounds, under an ACCESS EXCLUSIVE lock on it.`,
        fix: inTwoMigrations(
          [`ALTER TABLE ${sqlName(name)} ADD CONSTRAINT ${check} CHECK (${bounds}) NOT VALID`],
          [
            `ALTER TABLE ${sqlName(name)} VALIDATE CONSTRAINT ${check}`,
            '-- and in one more, then drop the check:',
            step.statement.text,
          ],
        ),
      };
    },
  },
};

/** The bounds of a partition as a condition, where its key is one column and its bounds are values. */
function boundsOf(bound: SyntaxTree, keys: readonly string[]): string {
  const [key] = keys;
  const values = (member: string) => nodes(bound, member).map(datumOf);
  const [[from], [to], list] = [values('lowerdatums'), values('upperdatums'), values('listdatums')];
  if (key === undefined || keys.length > 1 || ![from, to, ...list].some(Boolean))
    return '/* the same bounds, and that the key IS NOT NULL */';
  const name = quoted(key);
  const parts =
    list.length > 0 ? [`${name} IN (${list.join(', ')})`] : [from && `${name} >= ${from}`, to && `${name} < ${to}`];
  return [`${name} IS NOT NULL`, ...parts].filter(Boolean).join(' AND ');
}

function datumOf(value: NamedNode): string | undefined {
  const constant = constantOf(value);
  return constant === undefined ? undefined : value.tree['sval'] === undefined ? constant : literal(constant);
}

/** A condition that is added to a domain. */
export const banAlterDomainWithAddConstraint: LintRule = {
  name: 'ban-alter-domain-with-add-constraint',
  group: 'locks',
  severity: 'error',
  finds: '`ALTER DOMAIN … ADD CONSTRAINT` without `NOT VALID`',
  why: 'Every table with a column of the domain is read under a `SHARE` lock, and writes to all of them wait.',
  safe: '`NOT VALID`, and a `CHECK` in each table',
  steps: {
    *AlterDomainStmt({ tree, step, schema }) {
      const constraint = node(node(tree, 'def'), 'Constraint');
      if (text(tree, 'subtype') !== 'C' || constraint['skip_validation'] === true) return;
      const name = nodes(tree, 'typeName').map(({ tree: part }) => String(part['sval'] ?? ''));
      // Nobody has a column of one that the same file made, but in its own tables.
      if (schema.domains.get(keyOf(nameOf(name)))?.made.file === step.moment.file) return;
      if (isNewDomain(schema.tables.values(), name.at(-1) ?? '', step.moment.file)) return;
      yield {
        at: locationOf(constraint),
        message: 'every table with a column of the domain is read under a SHARE lock: writes to all of them wait.',
        fix: statements(
          `${step.statement.text} NOT VALID`,
          '-- which holds for what is written from now on. VALIDATE takes the same lock: put a CHECK … NOT VALID into each table in its place, and VALIDATE those',
        ),
      };
    },
  },
};

/** True where every table that uses the domain is of this file. */
function isNewDomain(tables: Iterable<Table>, domain: string, file: number): boolean {
  const users = [...tables].filter(({ columns }) => [...columns.values()].some(({ type }) => type?.name === domain));
  return users.length > 0 && users.every(({ made }) => made.file === file);
}

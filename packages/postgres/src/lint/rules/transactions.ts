import { isOutsideTransactions } from '../../parser/outside-transactions.js';
import { nodesOf } from '../../parser/walk.js';
import { inTwoMigrations, statements } from '../rule/fix.js';
import type { LintRule } from '../rule/rule.js';
import { readIndex } from '../schema/read-index.js';
import { keyOf, literal, nameOf, quoted, sqlName } from '../sql/names.js';
import { constantOf, strings, text } from '../sql/nodes.js';

/** BEGIN, COMMIT and their relatives in a file. */
export const transactionNesting: LintRule = {
  name: 'transaction-nesting',
  group: 'transactions',
  severity: 'error',
  finds: '`BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT` in a file',
  why: 'The runner has a transaction open, in which the file is written down together with what it does; `migrate` refuses such a file.',
  safe: 'leave it out',
  steps: {
    *TransactionStmt({ step }) {
      yield {
        message: `${step.statement.text.split(/\s/)[0]?.toUpperCase()} stands in a transaction of the runner, which would end too early: half of the file could stay without being written down.`,
        fix: '-- leave it out: each file runs in a transaction of its own',
      };
    },
  },
};

/** CONCURRENTLY in a text that a runner sends in one transaction. */
export const banConcurrentIndexCreationInTransaction: LintRule = {
  name: 'ban-concurrent-index-creation-in-transaction',
  group: 'transactions',
  severity: 'error',
  finds: "`CONCURRENTLY`, `VACUUM` and the like beside other statements, with `runner: 'one-transaction'`",
  why: 'PostgreSQL refuses them inside a transaction. `tenancy migrate` makes each a step of its own, so with it this is no finding.',
  safe: 'a file of its own',
  *end({ file, options }) {
    const all = new Set(file.steps.map(({ statement }) => statement));
    if (options.runner !== 'one-transaction' || all.size < 2) return;
    for (const statement of all) {
      if (!isOutsideTransactions(statement)) continue;
      yield {
        statement,
        message: 'PostgreSQL refuses this inside a transaction, and the runner sends the whole file as one.',
        fix: `-- a file of its own:\n${statements(statement.text)}`,
      };
    }
  },
};

/** CREATE INDEX CONCURRENTLY on a partitioned table. */
export const concurrentIndexOnPartitionedTable: LintRule = {
  name: 'concurrent-index-on-partitioned-table',
  group: 'transactions',
  severity: 'error',
  finds: '`CREATE INDEX CONCURRENTLY` on a partitioned table',
  why: 'PostgreSQL refuses it: the index is made on the parent alone, on each partition concurrently, and attached.',
  safe: '`ON ONLY` the parent, `CONCURRENTLY` on each partition, `ATTACH PARTITION`',
  steps: {
    *IndexStmt({ tree, table, schema, step }) {
      if (tree['concurrent'] !== true || !table.isPartitioned) return;
      const name = text(tree, 'idxname') ?? `${table.name.name}_idx`;
      const parts = [...schema.tables.values()].filter(
        ({ partitionOf }) => partitionOf && keyOf(partitionOf) === keyOf(table.name),
      );
      const columns = step.statement.text.slice(step.statement.text.search(/\((?=[^)])/));
      const unique = tree['unique'] === true ? 'UNIQUE ' : '';
      yield {
        message: `${sqlName(table.name)} is partitioned, and PostgreSQL refuses CONCURRENTLY there.`,
        fix: statements(
          `CREATE ${unique}INDEX ${quoted(name)} ON ONLY ${sqlName(table.name)} ${columns}`,
          ...parts.flatMap(({ name: part }) => {
            const own = quoted(`${part.name}_${name}`);
            return [
              `CREATE ${unique}INDEX CONCURRENTLY ${own} ON ${sqlName(part)} ${columns}`,
              `ALTER INDEX ${quoted(name)} ATTACH PARTITION ${own}`,
            ];
          }),
          ...(parts.length === 0
            ? ['-- and for each partition CREATE INDEX CONCURRENTLY and ALTER INDEX … ATTACH PARTITION']
            : []),
        ),
      };
    },
  },
};

/** CREATE INDEX CONCURRENTLY of an index that has no name. */
export const concurrentIndexWithoutName: LintRule = {
  name: 'concurrent-index-without-name',
  group: 'transactions',
  severity: 'error',
  finds: "`CREATE INDEX CONCURRENTLY` of an index without a name, with `runner: 'tenancy'`",
  why: 'A run that was cut off finds the index again by its name; `migrate` refuses one that has none.',
  safe: 'a name',
  steps: {
    *IndexStmt({ tree, table, step, options }) {
      if (tree['concurrent'] !== true || tree['idxname'] !== undefined || options.runner !== 'tenancy') return;
      const name = quoted(readIndex(tree, table, step.moment).name);
      yield {
        message: 'migrate refuses this: by its name a run that was cut off finds the index again.',
        fix: statements(step.statement.text.replace(/\bconcurrently\b/i, `CONCURRENTLY ${name}`)),
      };
    },
  },
};

/** CREATE INDEX CONCURRENTLY IF NOT EXISTS. */
export const concurrentIndexIfNotExists: LintRule = {
  name: 'concurrent-index-if-not-exists',
  group: 'transactions',
  severity: 'warning',
  finds: "`CREATE INDEX CONCURRENTLY IF NOT EXISTS`, with `runner: 'one-transaction'`",
  why: 'A build that failed leaves an invalid index of that name, which is then skipped for good: no query uses it, and every write maintains it.',
  safe: '`DROP INDEX CONCURRENTLY IF EXISTS` before it, and no `IF NOT EXISTS`',
  steps: {
    *IndexStmt({ tree, step, table, options }) {
      // Our runner drops an invalid one first.
      if (options.runner === 'tenancy') return;
      if (tree['concurrent'] !== true || tree['if_not_exists'] !== true || table.isPartitioned) return;
      yield {
        message: 'an invalid index of this name, left by a build that failed, is taken for the finished one.',
        fix: statements(
          `DROP INDEX CONCURRENTLY IF EXISTS ${sqlName({ ...(table.name.schema !== undefined && { schema: table.name.schema }), name: text(tree, 'idxname') ?? '' })}`,
          step.statement.text.replace(/\s+if\s+not\s+exists\b/i, ''),
        ),
      };
    },
  },
};

/** A value of an enum that is used in the transaction that adds it. */
export const enumValueInSameTransaction: LintRule = {
  name: 'enum-value-in-same-transaction',
  group: 'transactions',
  severity: 'error',
  finds:
    "a value that `ALTER TYPE … ADD VALUE` adds and a later statement of the same transaction uses, with `runner: 'one-transaction'`",
  why: 'PostgreSQL refuses a new value of an enum until the transaction that added it has committed (55P04).',
  safe: 'use it in the next migration',
  steps: {
    *AlterEnumStmt({ tree, step, schema, file }) {
      const value = text(tree, 'newVal');
      const type = nameOf(strings(tree, 'typeName'));
      if (value === undefined || text(tree, 'oldVal') !== undefined) return;
      // One of an enum that this transaction made may be used at once.
      const made = schema.enums.get(keyOf(type));
      if (made?.file === step.moment.file && made.transaction === step.moment.transaction) return;
      const user = file.steps
        .slice(file.steps.indexOf(step) + 1)
        .find(
          (later) =>
            later.moment.transaction === step.moment.transaction &&
            later.kind !== 'AlterEnumStmt' &&
            later.kind !== 'CommentStmt' &&
            [...nodesOf(later.tree)].some((found) => constantOf(found) === value && found.tree['sval'] !== undefined),
        );
      if (!user) return;
      yield {
        message: `line ${user.statement.line} uses ${literal(value)} in the same transaction, which PostgreSQL refuses until it has committed.`,
        fix: inTwoMigrations([step.statement.text], [user.statement.text]),
      };
    },
  },
};

/** A block whose statements are texts to the parser. */
export const unreadBlock: LintRule = {
  name: 'unread-block',
  group: 'transactions',
  severity: 'advice',
  finds: 'a `DO` block',
  why: 'Its body is a program that decides what runs when it runs, so no rule sees it.',
  safe: 'its statements in the file',
  steps: {
    *DoStmt() {
      yield {
        message: 'the body of a DO block is not examined.',
        fix: '-- write its statements into the file where that is possible',
      };
    },
  },
};

/** ALTERs of several tables that are in use, in one transaction. */
export const severalTablesInTransaction: LintRule = {
  name: 'several-tables-in-transaction',
  group: 'transactions',
  severity: 'advice',
  finds: 'two or more tables that are in use, each altered in one transaction',
  why: 'The lock of the first is held while the second one waits for its own, and an application that takes them the other way round deadlocks with it.',
  safe: 'one table a file',
  *end({ file, schema }) {
    const locked = new Map<number, Map<string, (typeof file.steps)[number]>>();
    for (const step of file.steps) {
      if (!step.kind.startsWith('AT_') || step.objectType !== 'OBJECT_TABLE' || !step.relation || WEAK.has(step.kind))
        continue;
      const table = schema.table(step.relation);
      if (table.made.file === file.number || table.isTemporary) continue;
      const tables = locked.get(step.moment.transaction) ?? new Map<string, (typeof file.steps)[number]>();
      if (!tables.has(keyOf(step.relation))) tables.set(keyOf(step.relation), step);
      locked.set(step.moment.transaction, tables);
    }
    for (const tables of locked.values()) {
      const [, second] = [...tables.values()];
      if (!second) continue;
      yield {
        statement: second.statement,
        message: `${[...tables.keys()].join(', ')} are locked one after the other and together until the end: an application that takes them in another order deadlocks with that.`,
        fix: '-- one table a file',
      };
    }
  },
};

/** Actions that keep neither readers nor writers out. */
const WEAK: ReadonlySet<string> = new Set([
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_SetRelOptions',
]);

import { statements } from '../rule/fix.js';
import type { LintRule } from '../rule/rule.js';
import { readIndex } from '../schema/read-index.js';
import { droppedNames } from '../schema/step.js';
import { quoted, relationName, sqlName } from '../sql/names.js';
import { isOn, node, nodes, text } from '../sql/nodes.js';

/** CREATE INDEX on a table that is in use. */
export const requireConcurrentIndexCreation: LintRule = {
  name: 'require-concurrent-index-creation',
  group: 'locks',
  severity: 'error',
  finds: '`CREATE INDEX` without `CONCURRENTLY` on a table that an earlier file made',
  why: 'The whole table is read and sorted under a `SHARE` lock: every write waits until the index is there.',
  safe: '`CREATE INDEX CONCURRENTLY`',
  steps: {
    *IndexStmt({ tree, table, isLive, step }) {
      if (tree['concurrent'] === true || !isLive(table) || tree['relation'] === undefined) return;
      // An index on the parent alone, to which those of the partitions are attached, reads nothing.
      if (node(tree, 'relation')['inh'] !== true) return;
      const text = step.statement.text;
      yield {
        message: `every write to ${sqlName(table.name)} waits until the index is built, under a SHARE lock.`,
        fix: table.isPartitioned
          ? `-- CONCURRENTLY is not possible on a partitioned table: create it on the parent alone, then on each partition concurrently, and attach those\n${text.replace(/\bon\s+/i, 'ON ONLY ')};`
          : statements(
              text.replace(
                /\bindex\b/i,
                tree['idxname'] === undefined
                  ? `INDEX CONCURRENTLY ${quoted(readIndex(tree, table, step.moment).name)}`
                  : 'INDEX CONCURRENTLY',
              ),
            ),
      };
    },
  },
};

/** DROP INDEX on a table that is in use. */
export const requireConcurrentIndexDeletion: LintRule = {
  name: 'require-concurrent-index-deletion',
  group: 'locks',
  severity: 'warning',
  finds: '`DROP INDEX` without `CONCURRENTLY`',
  why: 'It takes `ACCESS EXCLUSIVE` on the table: while it waits for the longest query on it, everything behind it waits too.',
  safe: '`DROP INDEX CONCURRENTLY`',
  steps: {
    *DropStmt({ tree, step, schema, isLive }) {
      if (step.objectType !== 'OBJECT_INDEX' || tree['concurrent'] === true) return;
      const live = droppedNames(tree).filter((name) => {
        const found = schema.index(name);
        return found === undefined || (isLive(found.table) && !found.table.isPartitioned);
      });
      if (live.length === 0) return;
      yield {
        message: `the table of ${live.map(sqlName).join(', ')} is locked for readers and writers, and everybody waits while this waits for a long query.`,
        fix: statements(...live.map((name) => `DROP INDEX CONCURRENTLY ${sqlName(name)}`)),
      };
    },
  },
};

/** REINDEX without CONCURRENTLY. */
export const requireConcurrentReindex: LintRule = {
  name: 'require-concurrent-reindex',
  group: 'locks',
  severity: 'error',
  finds: '`REINDEX` without `CONCURRENTLY`',
  why: 'Writers wait for the whole rebuild, and readers who would use the index too.',
  safe: '`REINDEX … CONCURRENTLY`',
  steps: {
    *ReindexStmt({ tree, table, isLive, step }) {
      if (isOn(tree, 'params', 'concurrently')) return;
      if (text(tree, 'kind') === 'REINDEX_OBJECT_TABLE' && !isLive(table)) return;
      if (text(tree, 'kind') === 'REINDEX_OBJECT_SYSTEM') return;
      yield {
        message: 'writers wait until every index is built anew, and readers who would use one too.',
        fix: statements(step.statement.text.replace(/\b(table|index|schema|database)\b/i, '$1 CONCURRENTLY')),
      };
    },
  },
};

/** REFRESH MATERIALIZED VIEW without CONCURRENTLY. */
export const requireConcurrentRefresh: LintRule = {
  name: 'require-concurrent-refresh',
  group: 'locks',
  severity: 'warning',
  finds: '`REFRESH MATERIALIZED VIEW` without `CONCURRENTLY`',
  why: 'Nobody reads the view until its query has run, under `ACCESS EXCLUSIVE`. With `CONCURRENTLY` it needs a unique index.',
  safe: 'a unique index, and `REFRESH MATERIALIZED VIEW CONCURRENTLY`',
  steps: {
    *RefreshMatViewStmt({ tree, step, schema, file }) {
      if (tree['concurrent'] === true || tree['skipData'] === true || !step.relation) return;
      const name = sqlName(step.relation);
      const isNew = file.steps.some(
        ({ kind, tree: other }) =>
          kind === 'CreateTableAsStmt' && sqlName(relationName(node(node(other, 'into'), 'rel'))) === name,
      );
      if (isNew || schema.views.get(step.relation.name)?.isMaterialized === false) return;
      yield {
        message: `nobody reads ${name} until its query has run, under an ACCESS EXCLUSIVE lock.`,
        fix: `-- with a unique index on whole rows of it\nREFRESH MATERIALIZED VIEW CONCURRENTLY ${name};`,
      };
    },
  },
};

/** DETACH PARTITION without CONCURRENTLY. */
export const requireConcurrentPartitionDetach: LintRule = {
  name: 'require-concurrent-partition-detach',
  group: 'locks',
  severity: 'warning',
  finds: '`DETACH PARTITION` without `CONCURRENTLY`',
  why: 'It takes `ACCESS EXCLUSIVE` on the whole partitioned table, and everybody waits while it waits for a long query.',
  safe: '`DETACH PARTITION … CONCURRENTLY`',
  steps: {
    *AT_DetachPartition({ tree, table, isLive }) {
      const command = node(node(tree, 'def'), 'PartitionCmd');
      if (command['concurrent'] === true || !isLive(table)) return;
      yield {
        message: `all of ${sqlName(table.name)} is locked for readers and writers, and everybody waits while this waits for a long query.`,
        fix: statements(
          `ALTER TABLE ${sqlName(table.name)} DETACH PARTITION ${sqlName(relationName(node(command, 'name')))} CONCURRENTLY`,
        ),
      };
    },
  },
};

/** Statements that write a table anew under a lock, only to store it otherwise. */
export const rewritingTable: LintRule = {
  name: 'rewriting-table',
  group: 'locks',
  severity: 'error',
  finds:
    '`VACUUM FULL`, `CLUSTER`, `SET LOGGED`, `SET UNLOGGED`, `SET TABLESPACE`, `ALL IN TABLESPACE`, `SET ACCESS METHOD`',
  why: 'The whole table is copied under `ACCESS EXCLUSIVE`.',
  safe: 'plain `VACUUM`; `pg_repack`; a second table',
  steps: {
    *VacuumStmt({ tree, schema, isLive }) {
      if (!isOn(tree, 'options', 'full')) return;
      const names = nodes(tree, 'rels').map(({ tree: one }) => relationName(node(one, 'relation')));
      if (names.length > 0 && !names.some((name) => isLive(schema.table(name)))) return;
      yield {
        message: `VACUUM FULL copies the table. ${COPIED}`,
        fix: `${names.length === 0 ? 'VACUUM' : names.map((name) => `VACUUM ${sqlName(name)}`).join(';\n')};\n-- to give the space back as well, use pg_repack, which holds a lock only at its ends`,
      };
    },
    *ClusterStmt({ table, isLive, step }) {
      if (step.relation && !isLive(table)) return;
      yield {
        message: `CLUSTER copies the table. ${COPIED}`,
        fix: '-- use pg_repack, which holds a lock only at its ends',
      };
    },
    *AlterTableMoveAllStmt() {
      yield {
        message: `this copies every table of the tablespace, one after the other in one transaction. ${COPIED}`,
        fix: '-- move a table at a time: a second one in the other tablespace, filled in batches and exchanged; or use pg_repack',
      };
    },
    ...Object.fromEntries(
      ['AT_SetLogged', 'AT_SetUnLogged', 'AT_SetTableSpace', 'AT_SetAccessMethod'].map((kind) => [
        kind,
        function* ({ table, isLive }) {
          if (!isLive(table)) return;
          yield {
            message: `this copies the table. ${COPIED}`,
            fix: '-- make a second table with the wanted storage, fill it in batches, and exchange the two; or use pg_repack',
          };
        } satisfies NonNullable<LintRule['steps']>[string],
      ]),
    ),
  },
};

const COPIED = 'Nobody reads or writes it until the copy is done, under an ACCESS EXCLUSIVE lock.';

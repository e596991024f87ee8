import type { LintRule, Place } from '../rule/rule.js';
import { isTenantTable } from '../rule/tables.js';
import { changingClauses, isTrue } from '../sql/merge.js';
import { sqlName } from '../sql/names.js';
import { namedAt, node, text } from '../sql/nodes.js';
import { picksRows, writtenIn } from '../sql/picked-rows.js';

/** UPDATE, DELETE or MERGE of many rows in one statement. */
export const backfillInMigration: LintRule = {
  name: 'backfill-in-migration',
  group: 'locks',
  severity: 'warning',
  finds:
    '`UPDATE`, `DELETE`, a `MERGE` or an `INSERT … SELECT … ON CONFLICT DO UPDATE` that does so, also as an `EXECUTE` of what is prepared, in a migration, whose condition does not pick rows by values that are written there',
  why: 'Every row that it changes is locked until the migration commits, the table grows by as many rows, and with a schema change before it the table is locked all the while.',
  safe: '`tenancy change` fills a column in batches',
  steps: {
    *UpdateStmt(place) {
      yield* backfill(place, 'UPDATE');
    },
    *DeleteStmt(place) {
      yield* backfill(place, 'DELETE');
    },
    *InsertStmt(place) {
      const conflict = node(place.tree, 'onConflictClause');
      const select = namedAt(place.tree, 'selectStmt');
      if (text(conflict, 'action') !== 'ONCONFLICT_UPDATE' || select.tree['fromClause'] === undefined) return;
      const picking = [namedAt(select.tree, 'whereClause'), namedAt(conflict, 'whereClause')];
      if (!picking.some((part) => part.kind !== '' && picksRows(part, writtenIn(select.tree, 'fromClause'))))
        yield* locking(place, 'INSERT', false);
    },
    *MergeStmt(place) {
      const written = writtenIn(place.tree, 'sourceRelation');
      const join = namedAt(place.tree, 'joinCondition');
      const many = changingClauses(place.tree).filter(({ isMatched, condition }) => {
        const isPicked = [...(isMatched ? [join] : []), condition].some(
          (part) => part.kind !== '' && picksRows(part, written),
        );
        return !isPicked;
      });
      if (many.length === 0) return;
      // What the source has no row for is all the rest.
      const isAll = many.some(({ isMatched, condition }) => condition.kind === '' && (!isMatched || isTrue(join)));
      yield* locking(place, 'MERGE', isAll);
    },
  },
};

function* backfill(place: Place, word: string) {
  const where = namedAt(place.tree, 'whereClause');
  const written = writtenIn(place.tree, word === 'UPDATE' ? 'fromClause' : 'usingClause');
  if (where.kind === '' || !picksRows(where, written)) yield* locking(place, word, where.kind === '');
}

function* locking({ table, isLive }: Place, word: string, isAll: boolean) {
  if (!isLive(table)) return;
  const rows = isAll ? 'every row' : 'all rows that the condition finds';
  yield {
    severity: isAll ? ('error' as const) : ('warning' as const),
    message: `this ${word} locks ${rows} of ${sqlName(table.name)} until the migration commits, and writes each anew.`,
    fix: '-- leave it out of the migration: `tenancy change` fills a column in batches by key, with pauses and an end',
  };
}

/** A backfill that policies hide the rows from. */
export const ownerBackfill: LintRule = {
  name: 'owner-backfill',
  group: 'tenants',
  severity: 'error',
  finds: '`UPDATE`, `DELETE` or a `MERGE` that does so, on a tenant table under `FORCE ROW LEVEL SECURITY`',
  why: 'The policies hold for the owner as well, who has no tenant: it changes 0 rows and says nothing.',
  safe: '`tenancy change`, as the maintenance role',
  steps: {
    *UpdateStmt(place) {
      yield* unseen(place);
    },
    *DeleteStmt(place) {
      yield* unseen(place);
    },
    *MergeStmt(place) {
      if (changingClauses(place.tree).length > 0) yield* unseen(place);
    },
  },
};

function* unseen({ table, options, isLive }: Place) {
  const isForced = table.isRowSecurityForced || (options.policies === 'compiled' && isLive(table));
  if (!isTenantTable(table, options) || !isForced) return;
  yield {
    message: `the policies of ${sqlName(table.name)} hold for its owner too, who has no tenant: unless the migration runs as a role that bypasses them, this changes 0 rows and says nothing.`,
    fix: '-- leave it out of the migration: `tenancy change` fills rows as the maintenance role and compares how many there were',
  };
}

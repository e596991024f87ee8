import { inTwoMigrations } from '../rule/fix.js';
import type { LintRule, Place, Report } from '../rule/rule.js';
import type { Table } from '../schema/table.js';
import { quoted, sqlName } from '../sql/names.js';
import { columnOf, locationOf, type NamedNode, namedAt, node, nodes, strings, text } from '../sql/nodes.js';

/** SET NOT NULL, or a primary key, that must read every row to see that it holds. */
export const addingNotNullableField: LintRule = {
  name: 'adding-not-nullable-field',
  group: 'locks',
  severity: 'error',
  finds:
    '`SET NOT NULL`, `ADD CONSTRAINT … NOT NULL` or `PRIMARY KEY USING INDEX` on a column of which no valid constraint says it yet',
  why: 'All rows are read under `ACCESS EXCLUSIVE`; where a valid `CHECK (x IS NOT NULL)` or `NOT NULL` is there already, nothing is read.',
  safe: '`NOT NULL … NOT VALID` (18) or `CHECK (x IS NOT NULL) NOT VALID`; `VALIDATE` in the next migration; then `SET NOT NULL`',
  steps: {
    *AT_SetNotNull(place) {
      yield* read(place, [text(place.tree, 'name') ?? ''], undefined);
    },
    *AT_AddConstraint(place) {
      const constraint = node(node(place.tree, 'def'), 'Constraint');
      const kind = text(constraint, 'contype');
      const at = locationOf(constraint);
      if (kind === 'CONSTR_NOTNULL' && constraint['skip_validation'] !== true)
        yield* read(place, strings(constraint, 'keys'), at);
      const index = place.table.indexes.get(text(constraint, 'indexname') ?? '');
      if (kind === 'CONSTR_PRIMARY' && index)
        yield* read(
          place,
          index.columns.flatMap((column) => column ?? []),
          at,
        );
    },
  },
};

function* read(
  { table, isLive, options }: Place,
  columns: readonly string[],
  at: number | undefined,
): Iterable<Report> {
  const open = columns.filter((column) => !isKnownNotNull(table, column));
  if (!isLive(table) || open.length === 0) return;
  const on = sqlName(table.name);
  const name = (column: string) => quoted(`${table.name.name}_${column}_not_null`);
  const isNew = options.serverVersion >= 18;
  const condition = (column: string) =>
    isNew ? `NOT NULL ${quoted(column)}` : `CHECK (${quoted(column)} IS NOT NULL)`;
  yield {
    at,
    message:
      `nothing says yet that ${open.map(quoted).join(', ')} has no NULL, so every row of ${on} is read under an ACCESS EXCLUSIVE ` +
      'lock: nobody reads or writes it meanwhile.',
    fix: inTwoMigrations(
      open.map((column) => `ALTER TABLE ${on} ADD CONSTRAINT ${name(column)} ${condition(column)} NOT VALID`),
      open.flatMap((column) => [
        `ALTER TABLE ${on} VALIDATE CONSTRAINT ${name(column)}`,
        ...(isNew
          ? []
          : [
              '-- and in one more:',
              `ALTER TABLE ${on} ALTER COLUMN ${quoted(column)} SET NOT NULL`,
              `ALTER TABLE ${on} DROP CONSTRAINT ${name(column)}`,
            ]),
      ]),
    ),
  };
}

/** True where the rows need not be read: the column is NOT NULL, or a valid check says so. */
function isKnownNotNull(table: Table, column: string): boolean {
  if (table.columns.get(column)?.isNotNull) return true;
  return [...table.constraints.values()].some(
    ({ kind, isValid, condition }) => kind === 'check' && isValid && condition && refusesNull(condition, column),
  );
}

function refusesNull({ kind, tree }: NamedNode, column: string): boolean {
  if (kind === 'NullTest')
    return text(tree, 'nulltesttype') === 'IS_NOT_NULL' && columnOf(namedAt(tree, 'arg')) === column;
  return (
    kind === 'BoolExpr' &&
    text(tree, 'boolop') === 'AND_EXPR' &&
    nodes(tree, 'args').some((part) => refusesNull(part, column))
  );
}

import { statements } from '../rule/fix.js';
import type { LintRule, Place } from '../rule/rule.js';
import { columnType } from '../sql/column-type.js';
import { quoted, sqlName } from '../sql/names.js';
import { columnOf, constantOf, locationOf, type NamedNode, namedAt, node, nodes, text } from '../sql/nodes.js';
import { typeChange } from '../sql/type-change.js';

/** ALTER COLUMN TYPE that writes the table anew. */
export const changingColumnType: LintRule = {
  name: 'changing-column-type',
  group: 'locks',
  severity: 'error',
  finds:
    '`ALTER COLUMN … TYPE` that changes the stored bytes. A longer `varchar`, `varchar` to `text`, a `numeric` of higher precision and the like are left alone',
  why: 'The table and its indexes are rewritten under `ACCESS EXCLUSIVE`, and code that still runs may not know the new type.',
  safe: 'a second column, kept equal by a trigger and filled in batches: `tenancy change`',
  steps: {
    *AT_AlterColumnType(place) {
      const { table, tree, isLive } = place;
      if (!isLive(table)) return;
      const definition = node(node(tree, 'def'), 'ColumnDef');
      const [column, to] = [text(tree, 'name') ?? '', columnType(node(definition, 'typeName'))];
      const from = table.columns.get(column)?.type;
      const computes = isComputed(namedAt(definition, 'raw_default'), column);
      const change = computes ? 'rewrite' : from ? typeChange(from, to) : 'unknown';
      const checks = [...table.constraints.values()].filter(
        (one) => one.kind === 'check' && one.columns.includes(column),
      );
      if (change === 'none' && checks.length === 0) return;
      if (change === 'rewrite-unless-utc' && isInUtc(place)) return;
      const [on, name] = [sqlName(table.name), quoted(column)];
      if (change === 'none') {
        yield {
          at: locationOf(definition),
          severity: 'warning',
          message:
            `the rows stay as they are, but ${checks.map((one) => quoted(one.name)).join(', ')} is checked again: every row of ${on} is read ` +
            'under an ACCESS EXCLUSIVE lock.',
          fix: `-- drop ${checks.map((one) => quoted(one.name)).join(', ')} first, change the type, and add it again as NOT VALID; VALIDATE it in the next migration`,
        };
        return;
      }
      yield {
        at: locationOf(definition),
        severity: change === 'rewrite' ? 'error' : 'warning',
        message: `${MESSAGES[change]} ${LOCKED}`,
        fix:
          change === 'rewrite-unless-utc'
            ? `-- where the values are meant in UTC:\nSET LOCAL timezone = 'UTC';\n${statementOf(place)};`
            : statements(
                `ALTER TABLE ${on} ADD COLUMN ${quoted(`${column}_new`)} ${typeText(place, definition)}`,
                `-- then \`tenancy change\` keeps it equal to ${name} by a trigger, fills it in batches, and exchanges the two`,
              ),
      };
    },
  },
};

const LOCKED =
  'The table and its indexes are then written anew under an ACCESS EXCLUSIVE lock: nobody reads or writes it until that ends.';

const MESSAGES = {
  rewrite: 'the stored values are no values of the new type as they are.',
  'rewrite-unless-utc': 'the values are turned from one time zone into another, unless the session is in UTC.',
  unknown: 'no file says which type the column has now, so this may change the stored values.',
} as const;

/** True where the transaction has set its time zone to UTC. */
function isInUtc({ file, step }: Place): boolean {
  return file.steps
    .slice(0, file.steps.indexOf(step))
    .some(
      ({ kind, tree, moment }) =>
        kind === 'VariableSetStmt' &&
        text(tree, 'name')?.toLowerCase() === 'timezone' &&
        (tree['is_local'] !== true || moment.transaction === step.moment.transaction) &&
        /^(?:utc|etc\/utc)$/i.test(constantOf(nodes(tree, 'args')[0] ?? NOTHING) ?? ''),
    );
}

const NOTHING: NamedNode = { kind: '', tree: {} };

/** True for a USING that is more than the column, cast or not. */
function isComputed(using: NamedNode, column: string): boolean {
  if (using.kind === '') return false;
  const value = using.kind === 'TypeCast' ? namedAt(using.tree, 'arg') : using;
  return columnOf(value) !== column;
}

function typeText(place: Place, definition: Parameters<typeof locationOf>[0]): string {
  return place.partFrom(locationOf(node(definition, 'typeName'))).replace(/\s(?:using|collate)\b.*$/i, '');
}

function statementOf({ step }: Place): string {
  return step.statement.text.replaceAll(/\s+/g, ' ');
}

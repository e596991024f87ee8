import type { SyntaxTree } from '../../parser/parse-sql.js';
import { readColumn } from '../schema/read-column.js';
import { readConstraint } from '../schema/read-constraint.js';
import type { Constraint, Table } from '../schema/table.js';
import { locationOf, node, text } from '../sql/nodes.js';
import type { Place } from './rule.js';

/** A constraint that a step adds to a table that is there already. */
export interface NewConstraint {
  readonly constraint: Constraint;
  /** For one that is written behind a new column, the definition of that without it. */
  readonly columnWithout: string | undefined;
  /** True where the new column has a value in the rows that are there. */
  readonly hasValue: boolean;
  /** The constraint as it is written, without its name. */
  readonly text: string;
  readonly usesIndex: boolean;
  readonly at: number | undefined;
}

/** The constraints that ADD COLUMN and ADD CONSTRAINT add. */
export function newConstraints({ step, tree, table, partFrom }: Place): readonly NewConstraint[] {
  const definition = node(tree, 'def');
  if (step.kind === 'AT_AddConstraint') {
    const written = node(definition, 'Constraint');
    return read(written, table, step.moment, partFrom(locationOf(written)), { hasValue: false });
  }
  if (step.kind !== 'AT_AddColumn') return [];
  const column = readColumn(node(definition, 'ColumnDef'));
  if (table.columns.has(column.name)) return [];
  const hasValue = column.default !== undefined || column.isStored || column.isSerial || column.isIdentity;
  // DEFERRABLE and the like belong to the one before them.
  const all = column.constraints.filter((written) => !text(written, 'contype')?.startsWith('CONSTR_ATTR'));
  const start = locationOf(node(definition, 'ColumnDef'));
  return all.flatMap((written, at) => {
    const [own, next] = [locationOf(written), all[at + 1] && locationOf(all[at + 1] as SyntaxTree)];
    const without = [partFrom(start, own), partFrom(next)].filter((part) => part !== '').join(' ');
    return read(written, table, step.moment, partFrom(own, next), { hasValue, column: column.name, without });
  });
}

function read(
  tree: Parameters<typeof readConstraint>[0],
  table: Table,
  made: Constraint['made'],
  part: string,
  { hasValue, column, without }: { readonly hasValue: boolean; readonly column?: string; readonly without?: string },
): readonly NewConstraint[] {
  const constraint = readConstraint(tree, table, made, column);
  if (!constraint) return [];
  return [
    {
      constraint,
      columnWithout: without,
      hasValue,
      text: part.replace(/^constraint\s+(?:"(?:[^"]|"")*"|\S+)\s+/i, ''),
      usesIndex: text(tree, 'indexname') !== undefined,
      at: locationOf(tree),
    },
  ];
}

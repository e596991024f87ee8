import type { ParsedStatement } from '../../parser/parse-sql.js';
import { namesOf } from '../../parser/walk.js';
import { quoteIdentifier, quoteLiteral } from '../../policies/quoting.js';

/** A CREATE TYPE … AS ENUM, with the values that later statements add to it. */
interface Enum {
  readonly created: ParsedStatement;
  readonly name: readonly string[];
  readonly values: string[];
}

/** Statements after which a name may be another type's. */
const RENAMING: ReadonlySet<string> = new Set(['RenameStmt', 'AlterObjectSchemaStmt', 'VariableSetStmt']);

/**
 * Moves each ALTER TYPE … ADD VALUE into the CREATE TYPE before it: PostgreSQL before 17 takes a value that was added only in a later transaction.
 *
 * @returns what each statement is in one transaction of all: another text, or null where it is not needed any more. Those that are not in it stay.
 */
export function foldedEnums(
  statements: readonly ParsedStatement[],
): ReadonlyMap<ParsedStatement, ParsedStatement | null> {
  const folded = new Map<ParsedStatement, ParsedStatement | null>();
  const known = new Map<string, Enum>();
  for (const statement of statements) {
    const { kind, tree } = statement;
    const name = namesOf(tree['typeName']);
    const key = name.join('\0');
    if (kind === 'CreateEnumStmt') known.set(key, { created: statement, name, values: [...namesOf(tree['vals'])] });
    else if (RENAMING.has(kind)) known.clear();
    else if (kind === 'AlterEnumStmt') {
      const type = known.get(key);
      if (type && added(type.values, tree)) {
        folded.set(statement, null);
        folded.set(type.created, { ...type.created, text: textOf(type) });
      } else {
        known.delete(key);
      }
    }
  }
  return folded;
}

/** Adds a value where the statement says; false where it does something else. */
function added(values: string[], tree: ParsedStatement['tree']): boolean {
  const { newVal: value, newValNeighbor: neighbor, newValIsAfter: isAfter, oldVal, skipIfNewValExists } = tree;
  if (typeof value !== 'string' || oldVal !== undefined) return false;
  if (values.includes(value)) return skipIfNewValExists === true;
  const at = neighbor === undefined ? values.length - 1 : values.indexOf(String(neighbor));
  if (neighbor !== undefined && at === -1) return false;
  values.splice(neighbor === undefined || isAfter === true ? at + 1 : at, 0, value);
  return true;
}

function textOf({ name, values }: Enum): string {
  return `create type ${name.map(quoteIdentifier).join('.')} as enum (${values.map(quoteLiteral).join(', ')})`;
}

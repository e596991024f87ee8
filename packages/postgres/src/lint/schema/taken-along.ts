import { nodesOf } from '../../parser/walk.js';
import { nameOf, type QualifiedName } from '../sql/names.js';
import { strings, text } from '../sql/nodes.js';
import type { Schema } from './schema.js';
import { droppedNames, type Step } from './step.js';
import type { Policy, Table } from './table.js';

/** Objects that go with something that is dropped, as CASCADE has it. */
export interface TakenAlong {
  readonly policies: readonly { readonly table: Table; readonly policy: string }[];
  readonly columns: readonly { readonly table: Table; readonly column: string }[];
}

/** The policies that call a function, and the columns of a type, that a `DROP … CASCADE` drops. */
export function takenAlong(schema: Schema, { tree, objectType = '' }: Step): TakenAlong {
  if (text(tree, 'behavior') !== 'DROP_CASCADE') return { policies: [], columns: [] };
  const dropped = droppedNames(tree);
  const tables = [...schema.tables.values()];
  const policies = ROUTINES.has(objectType)
    ? tables.flatMap((table) =>
        [...table.policies].flatMap(([policy, one]) => (calls(one, dropped) ? [{ table, policy }] : [])),
      )
    : [];
  const columns = TYPES.has(objectType)
    ? tables.flatMap((table) =>
        [...table.columns.values()].flatMap(({ name, type }) =>
          type && dropped.some((one) => isNamed(type.name.split('.'), one)) ? [{ table, column: name }] : [],
        ),
      )
    : [];
  return { policies, columns };
}

const ROUTINES: ReadonlySet<string> = new Set(['OBJECT_FUNCTION', 'OBJECT_ROUTINE']);
const TYPES: ReadonlySet<string> = new Set(['OBJECT_TYPE', 'OBJECT_DOMAIN', 'OBJECT_EXTENSION']);

function calls({ read, written }: Policy, functions: readonly QualifiedName[]): boolean {
  return [read, written].some((condition) =>
    [...nodesOf({ [condition.kind]: condition.tree })].some(
      ({ kind, tree }) => kind === 'FuncCall' && functions.some((one) => isNamed(strings(tree, 'funcname'), one)),
    ),
  );
}

/** True where a name that is written with a schema or without may be that one. */
function isNamed(parts: readonly string[], { schema, name }: QualifiedName): boolean {
  const written = nameOf(parts);
  return written.name === name && (written.schema ?? 'public') === (schema ?? written.schema ?? 'public');
}

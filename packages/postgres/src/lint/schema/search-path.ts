import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import { nodesOf } from '../../parser/walk.js';
import { keyOf, relationName } from '../sql/names.js';
import { constantOf, namedAt, node, nodes, strings, text } from '../sql/nodes.js';
import type { Schema } from './schema.js';

/** The statements of a file with the schema in each name of a relation that a `search_path` of the file gives it. */
export function inTheirPath(parsed: readonly ParsedStatement[], schema: Schema): readonly ParsedStatement[] {
  let path: readonly string[] = [];
  const made = new Set<string>();
  const temporary = new Set<string>();
  const isThere = (name: string) => made.has(name) || schema.tables.has(name) || schema.views.has(name);
  return parsed.map((statement) => {
    path = pathSetBy(statement) ?? path;
    const range = madeBy(statement);
    const name = range && text(range, 'relname');
    if (range && name !== undefined && text(range, 'relpersistence') === 't') temporary.add(name);
    const own = new Set([...temporary, ...namesOfWith(statement.tree)]);
    const placeOf = (relation: string): string | undefined => {
      if (own.has(relation)) return undefined;
      if (relation === name) return path[0];
      const found = path.find((place) => isThere(keyOf({ schema: place, name: relation })));
      return found ?? (path.length === 1 ? path[0] : undefined);
    };
    const placed = path.length === 0 ? statement : { ...statement, tree: inPlaces(statement, placeOf) };
    const placedRange = madeBy(placed);
    if (placedRange) made.add(keyOf(relationName(placedRange)));
    return placed;
  });
}

/** The path that a statement sets, without what is looked into anyway; none for the default. */
function pathSetBy({ kind, tree }: ParsedStatement): readonly string[] | undefined {
  if (kind === 'VariableSetStmt')
    return text(tree, 'name') === 'search_path' ? schemasOf(nodes(tree, 'args').map(constantOf)) : undefined;
  if (kind !== 'SelectStmt') return undefined;
  for (const { tree: target } of nodes(tree, 'targetList')) {
    const call = namedAt(target, 'val');
    const [name, value] = nodes(call.tree, 'args').map(constantOf);
    if (strings(call.tree, 'funcname').at(-1) === 'set_config' && name === 'search_path')
      return schemasOf((value ?? '').split(',').map((one) => one.trim().replaceAll('"', '')));
  }
  return undefined;
}

function schemasOf(names: readonly (string | undefined)[]): readonly string[] {
  return names.flatMap((name) => (name === undefined || ['', '$user', 'pg_catalog'].includes(name) ? [] : [name]));
}

function madeBy({ kind, tree }: ParsedStatement): SyntaxTree | undefined {
  if (kind === 'CreateStmt') return node(tree, 'relation');
  if (kind === 'ViewStmt') return node(tree, 'view');
  return kind === 'CreateTableAsStmt' ? node(node(tree, 'into'), 'rel') : undefined;
}

function namesOfWith(tree: SyntaxTree): readonly string[] {
  return [...nodesOf(tree)].flatMap(({ kind, tree: cte }) =>
    kind === 'CommonTableExpr' ? [text(cte, 'ctename') ?? ''] : [],
  );
}

type PlaceOf = (relation: string) => string | undefined;

function inPlaces({ kind, tree }: ParsedStatement, placeOf: PlaceOf): SyntaxTree {
  const placed = withPlaces(tree, placeOf) as SyntaxTree;
  if (kind !== 'DropStmt') return placed;
  const length = LENGTHS[text(tree, 'removeType') ?? ''];
  const objects = nodes(tree, 'objects').map(({ kind: list, tree: object }) => {
    const names = strings(object, 'items');
    const schema = names.length === length ? placeOf(names[0] as string) : undefined;
    const items = schema === undefined ? [] : [{ String: { sval: schema } }];
    return { [list]: { ...object, items: [...items, ...((object['items'] as readonly unknown[] | undefined) ?? [])] } };
  });
  return length === undefined ? placed : { ...placed, objects };
}

/** How many parts the name of what is dropped has where it is written without a schema. */
const LENGTHS: Readonly<Record<string, number>> = {
  OBJECT_TABLE: 1,
  OBJECT_VIEW: 1,
  OBJECT_MATVIEW: 1,
  OBJECT_POLICY: 2,
};

function withPlaces(value: unknown, placeOf: PlaceOf): unknown {
  if (Array.isArray(value)) return value.map((entry) => withPlaces(entry, placeOf));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([member, inner]) => [member, withPlaces(inner, placeOf)]);
  const copy = Object.fromEntries(entries) as SyntaxTree;
  const relation = text(copy, 'relname');
  const schemaname = relation === undefined || copy['schemaname'] !== undefined ? undefined : placeOf(relation);
  return schemaname === undefined ? copy : { ...copy, schemaname };
}

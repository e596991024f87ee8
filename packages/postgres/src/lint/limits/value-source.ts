import { nodesOf } from '../../parser/walk.js';
import { constantOf, type NamedNode, named, namedAt, nodes, strings, text } from '../sql/nodes.js';
import { STEADY_FUNCTIONS } from '../sql/volatility.js';
import { isOfRow, readsProtected, type Scope, scopeIn } from './scope.js';

/**
 * The source of a value: what the session says of who asks (a setting, a claim, a function of one's own, the role), what is written
 * there, the row itself, nothing (NULL), or what cannot be told.
 */
export type ValueSource = 'session' | 'constant' | 'row' | 'null' | 'unclear';

/** The source of a value in a condition. */
export function sourceOf(value: NamedNode, scope: Scope): ValueSource {
  const { kind, tree } = value;
  const of = (member: string) => sourceOf(namedAt(tree, member), scope);
  switch (kind) {
    case 'A_Const':
      return tree['isnull'] === true ? 'null' : 'constant';
    case 'TypeCast':
    case 'CollateClause':
    case 'A_Indirection':
      return of('arg');
    case 'ColumnRef':
      return isOfRow(value, scope) ? 'row' : 'unclear';
    case 'SQLValueFunction':
      return /USER|ROLE/.test(text(tree, 'op') ?? '') ? 'session' : 'constant';
    case 'FuncCall':
      return sourceOfCall(value, scope);
    case 'A_Expr': {
      const [left, right] = [of('lexpr'), of('rexpr')];
      if (right === 'row' || left === 'row') return 'row';
      if (text(tree, 'kind') === 'AEXPR_NULLIF' || TAKING.has(operatorOf(value))) return left;
      return left === 'constant' && right === 'constant' ? 'constant' : 'unclear';
    }
    case 'CoalesceExpr':
      return oneOf(nodes(tree, 'args'), scope);
    case 'CaseExpr':
      return oneOf(
        [...nodes(tree, 'args').map((when) => namedAt(when.tree, 'result')), namedAt(tree, 'defresult')],
        scope,
      );
    case 'A_ArrayExpr':
      return eachOf(nodes(tree, 'elements'), scope);
    case 'SubLink':
      return ['EXPR_SUBLINK', 'ARRAY_SUBLINK'].includes(text(tree, 'subLinkType') ?? '')
        ? sourceOfSelect(namedAt(tree, 'subselect'), scope)
        : 'unclear';
    default:
      return 'unclear';
  }
}

/** Operators that take a part out of a document. */
const TAKING: ReadonlySet<string> = new Set(['->', '->>', '#>', '#>>']);

export function operatorOf({ tree }: NamedNode): string {
  return strings(tree, 'name').at(-1) ?? '';
}

function sourceOfCall({ tree }: NamedNode, scope: Scope): ValueSource {
  const given = nodes(tree, 'args').map((argument) => sourceOf(argument, scope));
  const isOwn = isOwnFunction(tree);
  if (given.includes('row')) return isOwn ? 'unclear' : 'row';
  if (isOwn || strings(tree, 'funcname').at(-1) === 'current_setting' || given.includes('session')) return 'session';
  return given.includes('unclear') ? 'unclear' : 'constant';
}

/** True for a call of a function that is not known to be PostgreSQL's own. */
export function isOwnFunction(call: NamedNode['tree']): boolean {
  const name = strings(call, 'funcname')
    .filter((part) => part !== 'pg_catalog')
    .join('.');
  return !STEADY_FUNCTIONS.has(name) && !PARTS.has(name);
}

/** Functions that take a value apart and add nothing to it, and those that are the same for everybody. */
const PARTS: ReadonlySet<string> = new Set(
  (
    'unnest jsonb_array_elements jsonb_array_elements_text json_array_elements json_array_elements_text json_extract_path_text ' +
    'jsonb_extract_path_text regexp_split_to_array regexp_split_to_table string_to_table gen_random_uuid random clock_timestamp'
  ).split(' '),
);

/** The source of a value that is one of several, whichever is there. What is written there as a last resort must be nobody. */
function oneOf(values: readonly NamedNode[], scope: Scope): ValueSource {
  const sources = values
    .filter(({ kind }) => kind !== '')
    .map((one) => (isNobody(one) ? 'null' : sourceOf(one, scope)));
  for (const source of ['row', 'unclear'] as const) if (sources.includes(source)) return source;
  if (!sources.includes('session')) return sources.includes('constant') ? 'constant' : 'null';
  return sources.includes('constant') ? 'unclear' : 'session';
}

/** True for a text that is no tenant's id: empty, zero, or a uuid of zeros. */
function isNobody(value: NamedNode): boolean {
  return value.kind === 'TypeCast' ? isNobody(namedAt(value.tree, 'arg')) : /^[0-]*$/.test(constantOf(value) ?? '?');
}

/** The source of a list, each value of which counts. */
export function eachOf(values: readonly NamedNode[], scope: Scope): ValueSource {
  const sources = values.map((one) => sourceOf(one, scope)).filter((source) => source !== 'null');
  if (sources.length === 0) return 'null';
  for (const source of ['row', 'constant', 'unclear'] as const) if (sources.includes(source)) return source;
  return 'session';
}

/** The source of what a subselect finds. */
export function sourceOfSelect(select: NamedNode, outer: Scope): ValueSource {
  const { kind, tree } = select;
  if (kind !== 'SelectStmt' || tree['withClause'] !== undefined) return 'unclear';
  const sides = ['larg', 'rarg'].flatMap((member) =>
    typeof tree[member] === 'object' ? [sourceOfSelect({ kind, tree: tree[member] as NamedNode['tree'] }, outer)] : [],
  );
  if (sides.length > 0) return sides.every((side) => side === sides[0]) ? (sides[0] as ValueSource) : 'unclear';
  const rows = nodes(tree, 'valuesLists').flatMap(({ tree: list }) => nodes(list, 'items'));
  if (rows.length > 0) return eachOf(rows, outer);
  const [target] = nodes(tree, 'targetList').map(({ tree: one }) => namedAt(one, 'val'));
  if (!target) return 'unclear';
  if (tree['fromClause'] === undefined) return sourceOf(target, outer);
  const scope = scopeIn(select, outer);
  const selected = sourceOf(target, scope);
  if (selected === 'row' || selected === 'session') return selected;
  if (readsProtected(select, outer) || asksSession(namedAt(tree, 'whereClause'), scope)) return 'session';
  const called = nodes(tree, 'fromClause').filter((one) => one.kind === 'RangeFunction');
  if (called.some((one) => saysSession(one, scope))) return 'session';
  return saysSession(select, scope) ? 'unclear' : 'constant';
}

/** True for a condition that lets through only what has a value of the session. */
export function asksSession(condition: NamedNode, scope: Scope): boolean {
  const { kind, tree } = condition;
  if (kind === 'BoolExpr') {
    const parts = nodes(tree, 'args').map((part) => asksSession(part, scope));
    const word = text(tree, 'boolop');
    return word === 'AND_EXPR' ? parts.some(Boolean) : word === 'OR_EXPR' && parts.every(Boolean);
  }
  if (kind !== 'A_Expr' || operatorOf(condition) !== '=' || text(tree, 'kind') === 'AEXPR_IN') return false;
  const [left, right] = [namedAt(tree, 'lexpr'), namedAt(tree, 'rexpr')];
  return [
    [left, right],
    [right, left],
  ].some(([one, other]) => one?.kind === 'ColumnRef' && other && sourceOf(other, scope) === 'session');
}

/** True where something in a tree asks the session, or a function or table that may. */
export function saysSession(value: NamedNode, scope: Scope): boolean {
  return [...nodesOf({ [value.kind]: value.tree })].some(
    (found) =>
      ['FuncCall', 'SQLValueFunction'].includes(found.kind) &&
      sourceOf(named({ [found.kind]: found.tree }), scope) === 'session',
  );
}

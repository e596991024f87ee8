import { nodesOf } from '../../parser/walk.js';
import { type NamedNode, namedAt, nodes, text } from '../sql/nodes.js';
import { isOfRow, isTenantOfRow, readsProtected, type Scope, scopeIn } from './scope.js';
import { truthOf } from './truth-of.js';
import {
  asksSession,
  eachOf,
  isOwnFunction,
  operatorOf,
  saysSession,
  sourceOf,
  sourceOfSelect,
  type ValueSource,
} from './value-source.js';

/**
 * How far a condition keeps a table to the tenant that asks: no row of another one passes, some do, or it is written in a way that is
 * not understood.
 */
export type Limit = 'tenant' | 'none' | 'unclear';

/** How far a condition limits rows to the tenant that the session names; `isNegated` asks it of the opposite. */
export function limitOf(condition: NamedNode, scope: Scope, isNegated = false): Limit {
  const { kind, tree } = condition;
  const truth = truthOf(condition);
  // NULL lets nothing through, and so does its opposite.
  if (truth !== undefined) return truth === null || truth === isNegated ? 'tenant' : 'none';
  switch (kind) {
    case 'BoolExpr':
      return limitOfParts(condition, scope, isNegated);
    case 'A_Expr':
      return limitOfComparison(condition, scope, isNegated);
    case 'NullTest': {
      const isNull = (text(tree, 'nulltesttype') === 'IS_NULL') !== isNegated;
      // A row without a tenant is nobody else's.
      if (isTenantOfRow(namedAt(tree, 'arg'), scope)) return isNull ? 'tenant' : 'none';
      return isNegated || sourceOf(namedAt(tree, 'arg'), scope) === 'unclear' ? 'unclear' : 'none';
    }
    case 'BooleanTest':
      return isNegated ? 'unclear' : limitOfTest(condition, scope);
    case 'CaseExpr':
      return isNegated ? 'unclear' : limitOfCase(condition, scope);
    case 'CoalesceExpr':
      return isNegated ? 'unclear' : limitOfFirst(nodes(tree, 'args').map((one) => limitOf(one, scope)));
    case 'SubLink':
      return isNegated ? 'unclear' : limitOfSubselect(condition, scope);
    case 'TypeCast':
      return limitOf(namedAt(tree, 'arg'), scope, isNegated);
    case 'ColumnRef':
      return 'none';
    default:
      return 'unclear';
  }
}

/** AND, OR and NOT. */
function limitOfParts({ tree }: NamedNode, scope: Scope, isNegated: boolean): Limit {
  const word = text(tree, 'boolop');
  const parts = nodes(tree, 'args');
  if (word === 'NOT_EXPR') return limitOf(parts[0] as NamedNode, scope, !isNegated);
  const limits = parts.map((part) => limitOf(part, scope, isNegated));
  if ((word === 'OR_EXPR') !== isNegated) return all(limits);
  if (limits.includes('tenant')) return 'tenant';
  // Two bounds of the tenant may leave one between them, and what is asked of the session may leave none.
  const [bound, ...others] = parts.filter((part) => namesTenant(part, scope));
  const isBound = bound && parts.some((part) => part !== bound && (others.includes(part) || saysSession(part, scope)));
  return limits.includes('unclear') || isBound ? 'unclear' : 'none';
}

/** The limit of several, one of which passes. */
function all(limits: readonly Limit[]): Limit {
  return limits.includes('none') ? 'none' : limits.includes('unclear') ? 'unclear' : 'tenant';
}

function limitOfComparison(condition: NamedNode, scope: Scope, isNegated: boolean): Limit {
  const { tree } = condition;
  const [left, right] = [namedAt(tree, 'lexpr'), namedAt(tree, 'rexpr')];
  const [operator, kind] = [operatorOf(condition), text(tree, 'kind')];
  // What is compared with NULL is NULL.
  if (kind === 'AEXPR_OP' && [left, right].some((side) => sourceOf(side, scope) === 'null')) return 'tenant';
  const isAmong = kind === 'AEXPR_IN' || kind === 'AEXPR_OP_ANY';
  const isEquation =
    kind === 'AEXPR_DISTINCT' || kind === 'AEXPR_NOT_DISTINCT'
      ? (kind === 'AEXPR_NOT_DISTINCT') !== isNegated
      : (kind === 'AEXPR_OP' || isAmong) &&
        operator === (isNegated ? '<>' : '=') &&
        !(isNegated && kind === 'AEXPR_OP_ANY');
  if (isEquation) {
    if (isTenantOfRow(left, scope))
      return limitBy(kind === 'AEXPR_IN' ? eachOf(nodes(right.tree, 'items'), scope) : sourceOf(right, scope), scope);
    if (isTenantOfRow(right, scope) && !isAmong) return limitBy(sourceOf(left, scope), scope);
    // Another way in: who has a right, or whose the row is.
    if (asksElsewhere(condition) || sourceOf(left, scope) === 'session' || sourceOf(right, scope) === 'session')
      return 'unclear';
    return [left, right].some(({ kind: side }) => side === 'RowExpr') ? 'unclear' : 'none';
  }
  const isOpposite = isNegated && namesTenant(condition, scope) && !(operator === '=' && isOfSession(condition, scope));
  return isOpposite || asksElsewhere(condition) || !COMPARING.test(operator) ? 'unclear' : 'none';
}

/** True where one side says something that the row does not. */
function isOfSession({ tree }: NamedNode, scope: Scope): boolean {
  return ['lexpr', 'rexpr'].some((side) => ['session', 'constant'].includes(sourceOf(namedAt(tree, side), scope)));
}

/** Operators that let through what is not equal as well. */
const COMPARING = /^(?:=|<>|[<>]=?|!?~~?\*?|BETWEEN.*)$/;

function limitBy(source: ValueSource, { isOfRole }: Scope): Limit {
  if (source === 'constant' && isOfRole) return 'tenant';
  return ({ session: 'tenant', null: 'tenant', unclear: 'unclear', constant: 'none', row: 'none' } as const)[source];
}

/** True where subselects, or functions of one's own, have a say. */
function asksElsewhere(condition: NamedNode): boolean {
  return [...nodesOf(wrapped(condition))].some(
    ({ kind, tree }) => kind === 'SubLink' || (kind === 'FuncCall' && isOwnFunction(tree)),
  );
}

/** IS TRUE and its relatives. */
function limitOfTest({ tree }: NamedNode, scope: Scope): Limit {
  const [word, tested] = [text(tree, 'booltesttype'), namedAt(tree, 'arg')];
  if (word === 'IS_TRUE' || word === 'IS_FALSE') return limitOf(tested, scope, word === 'IS_FALSE');
  // What is NULL where no tenant is set is not false.
  return word === 'IS_NOT_FALSE' && limitOf(tested, scope) === 'none' ? 'none' : 'unclear';
}

/** The first that is not NULL: whether one behind the first is asked at all is not known. */
function limitOfFirst([first, ...others]: readonly Limit[]): Limit {
  if (first !== 'tenant') return first ?? 'unclear';
  return others.every((limit) => limit === 'tenant') ? 'tenant' : 'unclear';
}

/** The branch that is taken, with what led into it. */
function limitOfCase({ tree }: NamedNode, scope: Scope): Limit {
  const limits: Limit[] = [];
  let isNamed = tree['arg'] !== undefined;
  for (const { tree: when } of nodes(tree, 'args')) {
    const [condition, result] = [namedAt(when, 'expr'), namedAt(when, 'result')];
    const truth = tree['arg'] === undefined ? truthOf(condition) : undefined;
    if (truth === false || truth === null) continue;
    const led = tree['arg'] === undefined ? limitOf(condition, scope) : 'unclear';
    isNamed ||= namesTenant(condition, scope) || led === 'unclear' || saysSession(condition, scope);
    limits.push(led === 'tenant' ? led : lessSure(limitOf(result, scope), isNamed));
    if (truth === true) return all(limits);
  }
  const otherwise = namedAt(tree, 'defresult');
  return all(otherwise.kind === '' ? limits : [...limits, lessSure(limitOf(otherwise, scope), isNamed)]);
}

/** Takes a limit for unclear where a condition that was asked before may have taken the rows of others away. */
function lessSure(limit: Limit, isNamed: boolean): Limit {
  return limit === 'none' && isNamed ? 'unclear' : limit;
}

/** True where a condition names the tenant column of the row. */
export function namesTenant(condition: NamedNode, scope: Scope): boolean {
  return [...nodesOf(wrapped(condition))].some((found) => isTenantOfRow(found, scope));
}

/** EXISTS, and IN with a subselect. */
function limitOfSubselect({ tree }: NamedNode, outer: Scope): Limit {
  const select = namedAt(tree, 'subselect');
  const [word, tested] = [text(tree, 'subLinkType'), namedAt(tree, 'testexpr')];
  const isAny =
    word === 'ANY_SUBLINK' &&
    ['', '='].includes(
      nodes(tree, 'operName')
        .map(({ tree: one }) => text(one, 'sval'))
        .join(''),
    );
  if (isAny && isTenantOfRow(tested, outer)) return limitBy(sourceOfSelect(select, outer), outer);
  if (select.kind !== 'SelectStmt' || !(isAny || word === 'EXISTS_SUBLINK')) return 'unclear';
  const scope = scopeIn(select, outer);
  const where = namedAt(select.tree, 'whereClause');
  if (where.kind !== '' && limitOf(where, scope) === 'tenant') return 'tenant';
  const isLed =
    readsProtected(select, outer) || asksSession(where, scope) || (isAny && sourceOf(tested, outer) === 'session');
  if (isLed) return conjuncts(where).some((part) => meetsTenant(part, scope)) ? 'tenant' : 'unclear';
  return saysSession(select, scope) ? 'unclear' : 'none';
}

function conjuncts(condition: NamedNode): readonly NamedNode[] {
  return condition.kind === 'BoolExpr' && text(condition.tree, 'boolop') === 'AND_EXPR'
    ? nodes(condition.tree, 'args').flatMap(conjuncts)
    : [condition];
}

/** True where the tenant of the row is equal to a column of what is read. */
function meetsTenant(part: NamedNode, scope: Scope): boolean {
  if (part.kind !== 'A_Expr' || operatorOf(part) !== '=') return false;
  const sides = [namedAt(part.tree, 'lexpr'), namedAt(part.tree, 'rexpr')];
  return (
    sides.some((side) => isTenantOfRow(side, scope)) &&
    sides.some((side) => side.kind === 'ColumnRef' && !isOfRow(side, scope))
  );
}

function wrapped({ kind, tree }: NamedNode) {
  return { [kind]: tree };
}

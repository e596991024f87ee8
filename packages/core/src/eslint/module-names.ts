import type { Definition, Node, RuleContext, Scope } from './rule.js';

/** The text of a constant, however it is written; `null` for what is only known when it runs. */
export function textOf(node: Node | null | undefined): string | null {
  if (node?.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node?.type === 'TemplateLiteral') {
    const [only, ...more] = node.quasis ?? [];
    return only && more.length === 0 ? ((only.value as { readonly cooked?: string }).cooked ?? null) : null;
  }
  if (node?.type !== 'BinaryExpression' || node.operator !== '+') return null;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === null || right === null ? null : left + right;
}

/** The module that a call of `require`, or an awaited `import()`, loads; `null` for every other expression. */
export function loadedModule(node: Node | null | undefined, context: RuleContext): string | null {
  if (node?.type === 'AwaitExpression' && node.argument?.type === 'ImportExpression') {
    return textOf(node.argument.source);
  }
  return node?.type === 'CallExpression' && isRequire(node.callee, context) ? textOf(node.arguments?.[0]) : null;
}

/** True when `callee` is `require`, `module.require`, or what `createRequire` made. */
export function isRequire(callee: Node | undefined, context: RuleContext): boolean {
  if (callee?.type === 'MemberExpression') return callee.object?.name === 'module' && memberOf(callee) === 'require';
  if (callee?.type === 'CallExpression') return isCreateRequire(callee.callee);
  if (callee?.type !== 'Identifier') return false;
  const definition = definitionOf(callee, context);
  const init = definition?.type === 'Variable' ? definition.node.init : null;
  if (init?.type === 'CallExpression') return isCreateRequire(init.callee);
  return callee.name === 'require' && !definition;
}

const isCreateRequire = (callee: Node | undefined) =>
  (callee?.type === 'MemberExpression' ? memberOf(callee) : callee?.name) === 'createRequire';

/** The name that `object.name` or `object['name']` reads. */
export const memberOf = (node: Node): string | null =>
  node.computed ? textOf(node.property) : (node.property?.name ?? null);

/** The declaration of the name that `identifier` stands for, with what hides it in mind. */
export function definitionOf(identifier: Node, context: RuleContext): Definition | undefined {
  const sourceCode = context.sourceCode as { getScope(node: Node): Scope };
  for (let scope: Scope | null = sourceCode.getScope(identifier); scope; scope = scope.upper) {
    const variable = scope.set.get(identifier.name ?? '');
    if (variable) return variable.defs[0];
  }
  return undefined;
}

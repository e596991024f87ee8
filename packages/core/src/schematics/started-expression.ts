import type ts from 'typescript';
import { bare, nodesOf, type TypeScript } from './edit.js';

/** An import of `main.ts`, written for another file once `from` was turned. */
export interface StartedImport {
  /** `{ Root as AppModule }`, `AppModule` or `* as app`. */
  readonly clause: string;
  readonly from: string;
}

/** The thing that `NestFactory.create` of `main.ts` is given, as another file can write it; or why none can. */
export type StartedExpression =
  | { readonly expression: string; readonly isAwaited: boolean; readonly imports: readonly StartedImport[] }
  | { readonly why: string };

/** Names that each file has without importing them. */
const EVERYWHERE = new Set(['process', 'undefined', 'JSON', 'Number', 'String', 'Boolean']);

/** The first argument of `NestFactory.create`, `createMicroservice` or `createApplicationContext`. */
export function startedArgument(ts: TypeScript, main: ts.SourceFile): ts.Expression | null {
  for (const node of nodesOf(ts, main)) {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) continue;
    const { expression, name } = node.expression;
    const [started] = node.arguments;
    if (expression.getText() === 'NestFactory' && name.text.startsWith('create') && started) return started;
  }
  return null;
}

/** A module that is started by another expression than `main.ts` has may lack the controllers that a proof is about. */
export function startedExpression(ts: TypeScript, main: ts.SourceFile): StartedExpression {
  const given = startedArgument(ts, main);
  if (!given) return { why: 'has no call of NestFactory.create' };
  let expression = bare(ts, given);
  // A constant of main.ts itself is its value.
  if (ts.isIdentifier(expression) && !importOf(ts, main, expression.text)) {
    expression = constantOf(ts, main, expression.text) ?? expression;
  }
  const isAwaited = ts.isAwaitExpression(expression);
  if (ts.isAwaitExpression(expression)) expression = bare(ts, expression.expression);
  const imports = new Map<string, StartedImport>();
  for (const node of nodesOf(ts, expression)) {
    if (ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.ThisKeyword) return { why: unclear(given) };
    if (!ts.isIdentifier(node) || isOnlyName(ts, node) || EVERYWHERE.has(node.text)) continue;
    const imported = importOf(ts, main, node.text);
    if (!imported) return { why: `${unclear(given)}, and ${node.text} is nothing that it imports` };
    imports.set(node.text, imported);
  }
  return { expression: expression.getText(), isAwaited, imports: [...imports.values()] };
}

const unclear = (given: ts.Expression) => `starts \`${given.getText().replaceAll(/\s+/g, ' ').slice(0, 60)}\``;

/** True for the name of a property, which refers to nothing by itself. */
function isOnlyName(ts: TypeScript, node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}

/** The value of the only `const` of that name. */
export function constantOf(ts: TypeScript, main: ts.SourceFile, name: string): ts.Expression | null {
  const found = [...nodesOf(ts, main)].filter(
    (node): node is ts.VariableDeclaration =>
      ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === name,
  );
  const [only, ...others] = found;
  if (!only?.initializer || others.length > 0 || !/^const\b/.test(only.parent.getText())) return null;
  return bare(ts, only.initializer);
}

function importOf(ts: TypeScript, main: ts.SourceFile, name: string): StartedImport | null {
  for (const { importClause, moduleSpecifier } of main.statements.filter(ts.isImportDeclaration)) {
    const from = (moduleSpecifier as ts.StringLiteral).text;
    if (importClause?.name?.text === name) return { clause: name, from };
    const bindings = importClause?.namedBindings;
    if (!bindings) continue;
    if (ts.isNamespaceImport(bindings)) {
      if (bindings.name.text === name) return { clause: `* as ${name}`, from };
      continue;
    }
    const element = bindings.elements.find((each) => each.name.text === name);
    if (element) return { clause: `{ ${element.getText()} }`, from };
  }
  return null;
}

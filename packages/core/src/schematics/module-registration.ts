import type ts from 'typescript';
import { bare, firstEntry, type Insertion, literalOf, nodesOf, propertyNamed, type TypeScript } from './edit.js';
import { importedAs } from './imports.js';
import { constantOf, startedArgument } from './started-expression.js';

/** The place of an entry in the imports of a module, or why that cannot be told. */
export type Registration = { readonly insertions: readonly Insertion[] } | { readonly why: string };

/**
 * Puts `entry` into the `imports` of `@Module` of a class, wherever they are written.
 *
 * @param className of the root module; where null, the file's only module
 */
export function registration(
  ts: TypeScript,
  source: ts.SourceFile,
  className: string | null,
  entry: string,
): Registration {
  const modules = modulesOf(ts, source);
  const [found, ...others] = className === null ? modules : modules.filter(({ name }) => name === className);
  if (!found) return { why: className ? `it has no class ${className} with @Module` : 'it has no class with @Module' };
  if (others.length > 0) return { why: 'it has several modules' };
  const [argument] = found.decorator.arguments;
  if (!argument) return { why: '@Module has no argument' };
  const metadata = literalOf(ts, argument);
  if (!ts.isObjectLiteralExpression(metadata)) {
    return { why: `the argument of @Module is ${shown(metadata)}, which is written elsewhere` };
  }
  const imports = propertyNamed(ts, metadata, 'imports');
  const later = metadata.properties.slice(imports ? metadata.properties.indexOf(imports) + 1 : 0);
  const spread = later.find(ts.isSpreadAssignment);
  // What is spread behind them would take their place.
  if (spread) return { why: `${shown(spread)} in @Module may have imports of its own` };
  if (!imports) return { insertions: [firstEntry(ts, metadata, `imports: [${entry}]`)] };
  if (ts.isShorthandPropertyAssignment(imports)) {
    return { insertions: [{ at: imports.name.end, text: `: [${entry}, ...${imports.name.text}]` }] };
  }
  if (!ts.isPropertyAssignment(imports)) return { why: '`imports` is no list' };
  const value = bare(ts, imports.initializer);
  if (ts.isArrayLiteralExpression(value)) return { insertions: [firstEntry(ts, value, entry)] };
  const { initializer } = imports;
  const [open, close] = ts.isLeftHandSideExpression(initializer) ? ['', ''] : ['(', ')'];
  return {
    insertions: [
      { at: initializer.getStart(), text: `[${entry}, ...${open}` },
      { at: initializer.end, text: `${close}]` },
    ],
  };
}

const shown = (node: ts.Node) => `\`${node.getText().replaceAll(/\s+/g, ' ').slice(0, 40)}\``;

/** The classes of a file that `@Module` of Nest stands above, however it is imported. */
function modulesOf(ts: TypeScript, source: ts.SourceFile) {
  const decorator = importedAs(ts, source, '@nestjs/common', 'Module') ?? 'Module';
  return [...nodesOf(ts, source)].filter(ts.isClassDeclaration).flatMap((declared) => {
    const calls = (ts.getDecorators(declared) ?? []).map(({ expression }) => expression).filter(ts.isCallExpression);
    const found = calls.find(({ expression }) => expression.getText() === decorator);
    return found ? [{ name: declared.name?.text ?? null, decorator: found }] : [];
  });
}

/** A class, by its name where that is known, and the file that it is imported from; null where it is in the same one. */
export interface Started {
  readonly name: string | null;
  readonly from: string | null;
}

/** The class that `NestFactory.create` of `main.ts` starts, itself or by a method of its own: `AppModule.register()`. */
export function startedModule(ts: TypeScript, main: ts.SourceFile): Started | null {
  const argument = startedArgument(ts, main);
  const given = argument && ts.isIdentifier(argument) ? (constantOf(ts, main, argument.text) ?? argument) : argument;
  const started = given && moduleIn(ts, given);
  if (!started) return null;
  for (const statement of main.statements.filter(ts.isImportDeclaration)) {
    const bindings = statement.importClause?.namedBindings;
    const from = (statement.moduleSpecifier as ts.StringLiteral).text;
    if (statement.importClause?.name?.text === started.text) return { name: null, from };
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    const element = bindings.elements.find((each) => each.name.text === started.text);
    if (element) return { name: (element.propertyName ?? element.name).text, from };
  }
  return { name: started.text, from: null };
}

function moduleIn(ts: TypeScript, expression: ts.Expression): ts.Identifier | null {
  const value = bare(ts, ts.isAwaitExpression(expression) ? expression.expression : expression);
  if (ts.isIdentifier(value)) return value;
  if (!ts.isCallExpression(value) || !ts.isPropertyAccessExpression(value.expression)) return null;
  const { expression: called } = value.expression;
  // Other things than classes have methods too.
  return ts.isIdentifier(called) && /^[A-Z]/.test(called.text) ? called : null;
}

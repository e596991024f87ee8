import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';
import { NothingChanged } from './workspace.js';

export type TypeScript = typeof ts;

/** A piece of text that is put into a file; everything around it stays as it was formatted. */
export interface Insertion {
  readonly at: number;
  /** The end of the text that it takes the place of. @defaultValue `at` */
  readonly end?: number;
  readonly text: string;
}

/** The text with all insertions in it; several at one place in their order. */
export function edited(text: string, insertions: readonly Insertion[]): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return insertions
    .toSorted((one, other) => one.at - other.at)
    .reduceRight(
      (left, { at, end = at, text: inserted }) =>
        left.slice(0, at) + inserted.replaceAll('\n', newline) + left.slice(end),
      text,
    );
}

/**
 * TypeScript as the application has it, or else as Nest's own command brings it: TypeScript 7 has no API that could be used.
 *
 * @param from folders whose packages are looked through, in their order
 */
export function loadTypeScript(from = [process.cwd(), process.argv[1] ?? '']): TypeScript {
  const places = from.flatMap((place) => [join(place, 'index.js'), join(place, 'node_modules/@nestjs/cli/index.js')]);
  for (const place of [...places, ...from.filter((file) => /\.[cm]?js$/.test(file))]) {
    try {
      const found = createRequire(place)('typescript') as Partial<TypeScript>;
      if (typeof found.createSourceFile === 'function') return found as TypeScript;
    } catch {
      // The next one may have it.
    }
  }
  throw new NothingChanged('TypeScript is not installed', 'Install it: npm install --save-dev typescript@6');
}

/** The manifest as JSON, with the indentation and the ends of lines that `text` has. */
export function jsonLike(text: string, value: object): string {
  const indentation = /\n([\t ]+)"/.exec(text)?.[1] ?? '  ';
  return `${JSON.stringify(value, null, indentation)}\n`.replaceAll('\n', text.includes('\r\n') ? '\r\n' : '\n');
}

export const parse = (ts: TypeScript, path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

/** The node and all that are below it, in their order. */
export function* nodesOf(ts: TypeScript, node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(ts, child);
}

/** The expression without brackets, `as` and `satisfies` around it. */
export function bare(ts: TypeScript, node: ts.Expression): ts.Expression {
  const isAround = ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression?.(node);
  return isAround ? bare(ts, (node as ts.AsExpression).expression) : node;
}

/** The object or list, or the one that a constant of the same file is. */
export function literalOf(ts: TypeScript, node: ts.Expression): ts.Expression {
  const found = bare(ts, node);
  if (!ts.isIdentifier(found)) return found;
  for (const statement of found.getSourceFile().statements.filter(ts.isVariableStatement)) {
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && name.text === found.text && initializer) return bare(ts, initializer);
    }
  }
  return found;
}

/** The declared name of a property; undefined for one that is computed. */
export function propertyNamed(ts: TypeScript, object: ts.ObjectLiteralExpression, name: string) {
  return object.properties.find(
    (property) =>
      property.name &&
      (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name)) &&
      property.name.text === name,
  );
}

/** An entry at the beginning of an object or a list, on a line of its own where the others are. */
export function firstEntry(
  ts: TypeScript,
  list: ts.ObjectLiteralExpression | ts.ArrayLiteralExpression,
  entry: string,
): Insertion {
  const source = list.getSourceFile();
  const at = list.getStart() + 1;
  const entries: readonly ts.Node[] = ts.isObjectLiteralExpression(list) ? list.properties : list.elements;
  const [first] = entries;
  if (!first) {
    const space = ts.isObjectLiteralExpression(list) ? ' ' : '';
    const inside = source.text.slice(at, list.end - 1);
    // A comment in it stays where it is.
    if (inside.trim() !== '') return { at, text: `\n${entry},` };
    return { at, end: list.end - 1, text: `${space}${entry}${space}` };
  }
  const line = (position: number) => source.getLineAndCharacterOfPosition(position);
  const start = first.getStart();
  if (line(start).line === line(at).line) return { at: start, text: `${entry}, ` };
  const indentation = /^\s*/.exec(source.text.slice(start - line(start).character, start))?.[0] ?? '';
  return { at, text: `\n${indentation}${entry},` };
}

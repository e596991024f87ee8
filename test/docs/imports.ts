import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { filesOf, root } from './repository.ts';

/** One import, or re-export, of a file of a package's `src`. */
export interface Import {
  readonly from: string;
  /** A file of the same package, or the name of another package with its subpath. */
  readonly to: string;
  readonly isOwn: boolean;
  /** True where nothing is left of it at run time. */
  readonly isType: boolean;
}

export const PACKAGES = ['core', 'postgres', 'prisma', 'typeorm', 'testing', 'cli'] as const;

/** Files of a package's `src`, relative to it, without tests. */
export const sourcesOf = (name: string): readonly string[] =>
  filesOf(/\.ts$/)
    .filter((file) => file.startsWith(`packages/${name}/src/`) && !/\.(test|fixture)\.ts$/.test(file))
    .map((file) => relative(`packages/${name}/src`, file));

export function importsOf(name: string): readonly Import[] {
  return sourcesOf(name).flatMap((from) => {
    const text = readFileSync(join(root, 'packages', name, 'src', from), 'utf8');
    return specifiersIn(ts.createSourceFile(from, text, ts.ScriptTarget.Latest)).map(({ to, isType }) => {
      const isOwn = to.startsWith('.');
      return { from, to: isOwn ? join(dirname(from), to).replace(/\.js$/, '.ts') : to, isOwn, isType };
    });
  });
}

function specifiersIn(source: ts.SourceFile): readonly { readonly to: string; readonly isType: boolean }[] {
  const found: { to: string; isType: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeExport(node));
    // `import('…')`, `require('…')`, and `createRequire(import.meta.url)('…')`.
    else if (
      ts.isCallExpression(node) &&
      /^(import|require|createRequire\(.*\))$/.test(node.expression.getText(source))
    ) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  const add = (specifier: ts.Node | undefined, isType: boolean): void => {
    if (specifier && ts.isStringLiteralLike(specifier)) found.push({ to: specifier.text, isType });
  };
  visit(source);
  return found;
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  const { name, namedBindings, phaseModifier } = importClause;
  if (phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return !name && namedBindings !== undefined && ts.isNamedImports(namedBindings) && areTypes(namedBindings.elements);
}

function isTypeExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  return (
    isTypeOnly || (exportClause !== undefined && ts.isNamedExports(exportClause) && areTypes(exportClause.elements))
  );
}

const areTypes = (names: readonly { readonly isTypeOnly: boolean }[]): boolean =>
  names.length > 0 && names.every(({ isTypeOnly }) => isTypeOnly);

/** Groups that cannot be ordered, because each member leads to each other one. */
export function circles(edges: readonly (readonly [string, string])[]): readonly (readonly string[])[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reached = new Map([...next.keys()].map((start) => [start, reachableFrom(start, next)]));
  const groups = [...next.keys()].map((one) =>
    [...(reached.get(one) as Set<string>)].filter((other) => reached.get(other)?.has(one)).toSorted(),
  );
  return [...new Map(groups.filter((group) => group.length > 1).map((group) => [group.join(' '), group])).values()];
}

function reachableFrom(start: string, next: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set<string>();
  const waiting = [...(next.get(start) ?? [])];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (reached.has(one)) continue;
    reached.add(one);
    waiting.push(...(next.get(one) ?? []));
  }
  return reached;
}

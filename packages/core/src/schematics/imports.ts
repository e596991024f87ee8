import type ts from 'typescript';
import type { Insertion, TypeScript } from './edit.js';

/** The name that `import { name as … } from module` has in the file; null where it is not imported. */
export function importedAs(ts: TypeScript, source: ts.SourceFile, module: string, name: string): string | null {
  for (const statement of source.statements.filter(ts.isImportDeclaration)) {
    if ((statement.moduleSpecifier as ts.StringLiteral).text !== module) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings) continue;
    if (ts.isNamespaceImport(bindings)) return `${bindings.name.text}.${name}`;
    for (const element of bindings.elements) {
      if ((element.propertyName ?? element.name).text === name) return element.name.text;
    }
  }
  return null;
}

/** One or more imports behind those that there are, in the file's own quotes and with its semicolons; none twice. */
export function addedImports(ts: TypeScript, source: ts.SourceFile, wanted: readonly string[]): Insertion {
  const lines = wanted.filter((line) => {
    const [, name = '', module = ''] = /^import \{ (\w+) \} from '([^']+)'$/.exec(line) ?? [];
    return importedAs(ts, source, module, name) !== name;
  });
  const imports = source.statements.filter(ts.isImportDeclaration);
  const last = imports.at(-1);
  const sample = last?.getText() ?? '';
  const end = last && !sample.endsWith(';') ? '' : ';';
  const quoted = lines.map((line) => (/from "|^import "/.test(sample) ? line.replaceAll("'", '"') : line));
  if (last) return { at: last.end, text: quoted.map((line) => `\n${line}${end}`).join('') };
  // Behind `#!` and comments such as `// @ts-check`.
  const at = source.statements[0]?.getStart() ?? 0;
  if (lines.length === 0) return { at, text: '' };
  return { at, text: `${quoted.map((line) => `${line}${end}\n`).join('')}\n` };
}

/** The ending that relative imports of the file have, or else what its package needs. */
export function importEnding(ts: TypeScript, source: ts.SourceFile, isEsm: boolean): string {
  const relative = source.statements
    .filter(ts.isImportDeclaration)
    .map(({ moduleSpecifier }) => (moduleSpecifier as ts.StringLiteral).text)
    .find((name) => name.startsWith('.'));
  if (relative === undefined) return isEsm ? '.js' : '';
  return /\.[cm]?[jt]s$/.exec(relative)?.[0] ?? '';
}

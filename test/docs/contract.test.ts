import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { filesOf, root } from './repository.ts';

const ENTRY = 'packages/core/src/adapter.ts';

interface Source {
  readonly file: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

const sources: readonly Source[] = filesOf(/^packages\/\w+\/src\/.*(?<!\.test)\.ts$/).map((file) => {
  const text = readFileSync(join(root, file), 'utf8');
  return { file, text, tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
});

/** Declarations at the top of a file, by their names. */
function declared({ tree }: Source): (readonly [name: string, node: ts.Node])[] {
  return tree.statements.flatMap((statement): (readonly [string, ts.Node])[] => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => [name.getText(), statement]);
    }
    const { name } = statement as { readonly name?: ts.Node };
    return ts.isDeclarationStatement(statement) && name ? [[name.getText(), statement]] : [];
  });
}

/** Every call of `Symbol.for`, by the text that it is given. */
function symbolsOf({ file, tree }: Source): { readonly file: string; readonly given: ts.Expression }[] {
  const found: { file: string; given: ts.Expression }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'Symbol.for' && node.arguments[0]) {
      found.push({ file, given: node.arguments[0] });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Names that stand in more than one place, and the places. */
function repeated(places: Iterable<readonly [what: string, file: string]>): string[] {
  const known = new Map<string, string[]>();
  for (const [what, file] of places) known.set(what, [...(known.get(what) ?? []), file]);
  return [...known].filter(([, files]) => files.length > 1).map(([what, files]) => `${what}: ${files.join(', ')}`);
}

const contract = (sources.find(({ file }) => file === ENTRY) as Source).tree.statements
  .filter(ts.isExportDeclaration)
  .flatMap(({ exportClause }) => (exportClause && ts.isNamedExports(exportClause) ? [...exportClause.elements] : []))
  .map(({ name }) => name.text);

describe('the contract between the core and its adapters exists once', () => {
  it('no symbol of the process is named in two places', () => {
    const symbols = sources.flatMap(symbolsOf);
    expect(symbols.length).toBeGreaterThan(20);
    expect(repeated(symbols.map(({ given, file }) => [given.getText(), file] as const))).toEqual([]);
    // What is put together elsewhere could be any of the others.
    const hidden = symbols.filter(({ given }) => !ts.isStringLiteral(given) && !ts.isTemplateExpression(given));
    expect(hidden.map(({ file, given }) => `${file}: ${given.getText()}`)).toEqual([]);
  });

  it('every name of @tenancy/core/adapter is declared once, with a docstring', () => {
    expect(contract.length).toBeGreaterThan(15);
    const all = sources.flatMap((source) =>
      declared(source).map(([name, node]) => ({ name, node, file: source.file })),
    );
    for (const name of contract) {
      const found = all.filter((each) => each.name === name);
      expect(
        found.map(({ file }) => file),
        name,
      ).toHaveLength(1);
      expect(ts.getJSDocCommentsAndTags(found[0]?.node as ts.Node).length, `the docstring of ${name}`).toBe(1);
    }
  });

  it('each package says in one place that something is misconfigured', () => {
    const places = sources.flatMap((source) =>
      declared(source)
        .filter(([name]) => name === 'misconfigured')
        .map(() => [source.file.split('/')[1] as string, source.file] as const),
    );
    expect(repeated(places)).toEqual([]);
    expect(new Set(places.map(([name]) => name))).toEqual(new Set(['core', 'postgres', 'prisma', 'typeorm']));
    const made = sources.filter(({ text }) => /Error\(\s*'(?:floor|scope)_misconfigured'/.test(text));
    expect(made.map(({ file }) => file).filter((file) => !file.endsWith('/errors/misconfigured.ts'))).toEqual([]);
  });

  it('one function reads brands, one knows how long an id may be, one asks for a reason', () => {
    const files = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
    expect(files(/\[\w*brand\w*\][^;\n]*=== true/i)).toEqual(['packages/core/src/errors/adapter-error.ts']);
    expect(files(/\b255\b.*byteLength|byteLength.*\b255\b/s)).toEqual(['packages/core/src/tenant-id.ts']);
    expect(files(/'has no reason'|given no reason/)).toEqual(['packages/core/src/admin/require-reason.ts']);
    expect(files(/`audit \$\{/)).toEqual(['packages/core/src/admin/audit-trail.ts']);
  });
});

it('the private members of Prisma are read in one file', () => {
  const home = 'packages/prisma/src/prisma-internals.ts';
  const text = sources.find(({ file }) => file === home)?.text ?? '';
  const members = new Set(text.match(/\b_[a-z]\w+/g));
  expect(members.size).toBeGreaterThan(8);
  const others = sources.filter(({ file }) => file.startsWith('packages/prisma/src/') && file !== home);
  const readers = others.flatMap(({ file, text: code }) =>
    [...members].filter((member) => new RegExp(`\\b${member}\\b`).test(code)).map((member) => `${file}: ${member}`),
  );
  expect(readers).toEqual([]);
});

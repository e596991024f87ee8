import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { PACKAGES } from './imports.ts';
import { root } from './repository.ts';

/** The entries of a package: `.` is `src/index.ts`, `./admin` is `src/admin.ts`. */
function entriesOf(name: string): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  const subpaths = Object.keys(exports).filter((subpath) => !subpath.endsWith('.json'));
  return subpaths.map((subpath) => `packages/${name}/src/${subpath === '.' ? 'index' : subpath.slice('./'.length)}.ts`);
}

const entries = PACKAGES.flatMap(entriesOf);
const options = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile).config,
  ts.sys,
  root,
).options;
const program = ts.createProgram(
  entries.map((entry) => join(root, entry)),
  options,
);
const checker = program.getTypeChecker();

function exportsOf(entry: string): readonly ts.Symbol[] {
  const source = program.getSourceFile(join(root, entry));
  const module = source && checker.getSymbolAtLocation(source);
  return module ? checker.getExportsOfModule(module) : [];
}

const isDocumented = (symbol: ts.Symbol): boolean => {
  const declared = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return [symbol, declared].some((one) => one.getDocumentationComment(checker).length > 0);
};

it('every entry is there', () => {
  expect(entries.length).toBeGreaterThan(15);
  expect(entries.filter((entry) => !existsSync(join(root, entry)))).toEqual([]);
});

it.each(entries)('everything that %s exports has a docstring', (entry) => {
  const names = exportsOf(entry);
  expect(names.length).toBeGreaterThan(0);
  const bare = names.filter((symbol) => !isDocumented(symbol)).map(({ name }) => name);
  expect(bare).toEqual([]);
});

/** Properties of exported options: an interface whose name ends so, and what it is built from, where that is ours too. */
const optionsOf = (entry: string): readonly (readonly [name: string, property: ts.Symbol])[] =>
  exportsOf(entry)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .filter(({ name, flags }) => name.endsWith('Options') && (flags & ts.SymbolFlags.Interface) !== 0)
    .flatMap((symbol) =>
      checker
        .getDeclaredTypeOfSymbol(symbol)
        .getProperties()
        .filter(({ declarations }) =>
          declarations?.every((one) => one.getSourceFile().fileName.startsWith(`${root}/packages/`)),
        )
        .map((property) => [`${symbol.name}.${property.name}`, property] as const),
    );

it.each(entries)('every option that %s exports says what it is, and where it may be left out, its default', (entry) => {
  const bare = optionsOf(entry)
    .filter(([, property]) => {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const tags = property.getJsDocTags(checker).map(({ name }) => name);
      return isOptional ? !tags.includes('defaultValue') : !isDocumented(property);
    })
    .map(([name]) => name);
  expect(bare).toEqual([]);
});

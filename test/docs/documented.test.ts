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
      return !isDocumented(property) || (isOptional && !tags.includes('defaultValue'));
    })
    .map(([name]) => name);
  expect(bare).toEqual([]);
});

/** Methods that a framework calls, and whose contract is the framework's. */
const OF_A_FRAMEWORK = new Set([
  // Nest.
  ...['canActivate', 'configure', 'intercept', 'use'],
  ...[
    'onModuleInit',
    'onModuleDestroy',
    'onApplicationBootstrap',
    'onApplicationShutdown',
    'beforeApplicationShutdown',
  ],
  // OpenTelemetry.
  ...['onStart', 'onEnding', 'onEnd', 'forceFlush', 'shutdown'],
]);

/** Methods of exported classes and interfaces that are ours, by `Class.method`; what is private or internal is nobody's to call. */
const methodsOf = (entry: string): readonly (readonly [name: string, method: ts.Symbol])[] =>
  exportsOf(entry)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .filter(({ flags }) => (flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) !== 0)
    .flatMap((symbol) => {
      const statics = symbol.valueDeclaration ? checker.getTypeOfSymbol(symbol).getProperties() : [];
      return (
        [...checker.getDeclaredTypeOfSymbol(symbol).getProperties(), ...statics]
          .filter(({ flags }) => (flags & ts.SymbolFlags.Method) !== 0)
          .filter(({ name, declarations = [] }) => !OF_A_FRAMEWORK.has(name) && declarations.every(isPublic))
          // `[Symbol.asyncDispose]`: what the language says it is.
          .filter(({ name }) => !name.startsWith('__@'))
          .map((method) => [`${symbol.name}.${method.name}`, method] as const)
      );
    });

const isPublic = (declaration: ts.Declaration): boolean =>
  declaration.getSourceFile().fileName.startsWith(`${root}/packages/`) &&
  !(ts.isClassElement(declaration) && declaration.name && ts.isPrivateIdentifier(declaration.name)) &&
  !ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal') &&
  (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;

it.each(entries)('every method of what %s exports has a docstring', (entry) => {
  const bare = methodsOf(entry).filter(([, method]) => !isDocumented(method));
  expect(bare.map(([name]) => name)).toEqual([]);
});

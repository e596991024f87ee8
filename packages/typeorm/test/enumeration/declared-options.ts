import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { Version } from './company.js';
import { PACKAGES } from './public-methods.js';

const require = createRequire(import.meta.url);

/** Types of options, and where each is declared, in both versions. */
export const OPTION_TYPES = {
  FindOneOptions: 'find-options/FindOneOptions',
  FindManyOptions: 'find-options/FindManyOptions',
  FindOptionsOrderValue: 'find-options/FindOptionsOrder',
  FindTreeOptions: 'find-options/FindTreeOptions',
  SaveOptions: 'repository/SaveOptions',
  RemoveOptions: 'repository/RemoveOptions',
  UpsertOptions: 'repository/UpsertOptions',
  InsertOrUpdateOptions: 'query-builder/InsertOrUpdateOptions',
  QueryExpressionMap: 'query-builder/QueryExpressionMap',
  EntitySchemaOptions: 'entity-schema/EntitySchemaOptions',
  EntitySchemaColumnOptions: 'entity-schema/EntitySchemaColumnOptions',
  EntitySchemaRelationOptions: 'entity-schema/EntitySchemaRelationOptions',
  RelationOptions: 'decorator/options/RelationOptions',
  ColumnOptions: 'decorator/options/ColumnOptions',
  EntityOptions: 'decorator/options/EntityOptions',
} as const;
export type OptionType = keyof typeof OPTION_TYPES;

/** The keys that a type declares, and the values that it takes instead of an object; methods are none. */
export function declaredOptions(version: Version, name: OptionType): string[] {
  const file = join(rootOf(version), `${OPTION_TYPES[name]}.d.ts`);
  const text = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = new Set<string>();
  const add = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) || ts.isGetAccessor(node)) {
      found.add(node.name.getText());
      if (ts.isPropertySignature(node) && name !== 'FindOptionsOrderValue') return;
    } else if (ts.isLiteralTypeNode(node)) found.add(node.getText().replaceAll('"', ''));
    if (!ts.isClassDeclaration(node.parent ?? node)) ts.forEachChild(node, add);
  };
  for (const statement of text.statements) {
    const isIt =
      (ts.isInterfaceDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement)) &&
      statement.name?.text === name;
    if (isIt) ts.forEachChild(statement, add);
  }
  if (found.size === 0) throw new Error(`${PACKAGES[version]} declares no ${name}`);
  return [...found].sort();
}

/** The operators that a `where` takes. */
export function findOperators(version: Version): string[] {
  return readdirSync(join(rootOf(version), 'find-options/operator'))
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -'.d.ts'.length))
    .sort();
}

const rootOf = (version: Version) => dirname(require.resolve(PACKAGES[version]));

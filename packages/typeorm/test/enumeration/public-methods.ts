import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { Version } from './company.js';

const require = createRequire(import.meta.url);
export const PACKAGES: Readonly<Record<Version, string>> = { '1.x': 'typeorm', '0.3': 'typeorm-0.3' };

/** Files of each class, in both versions. */
export const CLASSES = {
  Repository: 'repository/Repository',
  TreeRepository: 'repository/TreeRepository',
  EntityManager: 'entity-manager/EntityManager',
  SelectQueryBuilder: 'query-builder/SelectQueryBuilder',
  InsertQueryBuilder: 'query-builder/InsertQueryBuilder',
  UpdateQueryBuilder: 'query-builder/UpdateQueryBuilder',
  DeleteQueryBuilder: 'query-builder/DeleteQueryBuilder',
  SoftDeleteQueryBuilder: 'query-builder/SoftDeleteQueryBuilder',
  RelationQueryBuilder: 'query-builder/RelationQueryBuilder',
  RelationLoader: 'query-builder/RelationLoader',
  RelationIdLoader: 'query-builder/RelationIdLoader',
  PostgresQueryRunner: 'driver/postgres/PostgresQueryRunner',
  SqljsQueryRunner: 'driver/sqljs/SqljsQueryRunner',
  DataSource: 'data-source/DataSource',
  SqljsEntityManager: 'entity-manager/SqljsEntityManager',
} as const;
export type ClassName = keyof typeof CLASSES;

/** Every method and accessor of the installed class and of what it extends, but for those declared private or protected. */
export function publicMethods(version: Version, name: ClassName): string[] {
  const root = dirname(require.resolve(PACKAGES[version]));
  const { [name]: of } = require(join(root, `${CLASSES[name]}.js`)) as Readonly<Record<string, new () => object>>;
  if (!of) throw new Error(`${PACKAGES[version]} has no ${name}`);
  const hidden = hiddenMembers(join(root, `${CLASSES[name]}.d.ts`));
  const found = new Set<string>();
  for (let each = of.prototype; each && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    for (const key of Reflect.ownKeys(each)) found.add(String(key));
  }
  return [...found].filter((key) => key !== 'constructor' && !hidden.has(key)).sort();
}

/** Members that the declarations of a class, or of what it extends, have as private or protected. */
function hiddenMembers(file: string): Set<string> {
  const hidden = new Set<string>();
  const text = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  for (const statement of text.statements) {
    // What it extends stands in a file of its own, which it imports.
    if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      const path = join(dirname(file), `${statement.moduleSpecifier.text}.d.ts`);
      const base = statement.importClause?.namedBindings?.getText() ?? '';
      if (existsSync(path) && extendedBy(text).some((each) => new RegExp(`\\b${each}\\b`).test(base))) {
        for (const key of hiddenMembers(path)) hidden.add(key);
      }
    }
    if (!ts.isClassDeclaration(statement)) continue;
    for (const member of statement.members) {
      const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
      const key = member.name?.getText() ?? '';
      if (
        modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword)
      ) {
        hidden.add(key);
      }
    }
  }
  return hidden;
}

function extendedBy(text: ts.SourceFile): string[] {
  return text.statements
    .filter(ts.isClassDeclaration)
    .flatMap(({ heritageClauses = [] }) => [...heritageClauses])
    .filter(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
    .flatMap(({ types }) => types.map(({ expression }) => expression.getText()));
}

import { dirname, posix } from 'node:path';
import type ts from 'typescript';
import type { Application } from './application.js';
import {
  bare,
  edited,
  firstEntry,
  type Insertion,
  literalOf,
  nodesOf,
  parse,
  propertyNamed,
  type TypeScript,
} from './edit.js';
import { addedImports, importEnding } from './imports.js';
import { otherDatabase } from './other-database.js';
import type { Told, Tree } from './workspace.js';

/** A file that holds TypeORM to the tenant. */
export const TYPEORM_SCOPE = /\bTenantTypeOrmModule\b|\btenantDataSourceFactory\b/;

const FLOOR = 'tenancy.floor';

/** Holds the data source that the application registers to the tenant; what cannot be told is left to do, in words. */
export function addTypeOrmScope(
  ts: TypeScript,
  tree: Tree,
  told: Told,
  { isEsm, has }: Application,
  files: readonly { readonly path: string; readonly text: string }[],
  shared: readonly string[],
): void {
  const tables = shared.map((entity) => tableOf(entity, files));
  if (files.some(({ text }) => TYPEORM_SCOPE.test(text))) return;
  const other = otherDatabase(files);
  const isPg = has('pg') && other === null;
  if (other === null) leaveSynchronize(told, files);
  const found = files.flatMap(({ path, text }) => {
    const source = parse(ts, path, text);
    return registrationsIn(ts, source).map((call) => ({ path, text, source, call }));
  });
  const [only, ...others] = found;
  if (!only || others.length > 0) {
    const where = only
      ? `There are ${found.length} calls of TypeOrmModule.forRoot`
      : 'There is no call of TypeOrmModule.forRoot';
    told.left(
      `${where}: register TenantTypeOrmModule of @tenancy/typeorm/nest in the place of that of the application, with the same options${shared.length > 0 ? `, and with shared: [${listed(shared)}]` : ''}. One that is for seeds alone stays as it is, and connects as the owner.`,
    );
    if (only && isPg) leaveFloor(tree, told, dirname(only.path), tables);
    return;
  }
  const { path, text, source, call } = only;
  const options = optionsOf(ts, call);
  const type = options && propertyNamed(ts, options, 'type');
  const isPostgres = type?.getText().replaceAll('"', "'").includes("'postgres'") === true;
  const isTaken = options && ['extra', 'driver'].some((name) => propertyNamed(ts, options, name));
  const floor = options && isPostgres && !isTaken ? options : null;
  const imports = ["import { TenantTypeOrmModule } from '@tenancy/typeorm/nest'"];
  const insertions: Insertion[] = [];
  const callee = (call.expression as ts.PropertyAccessExpression).expression;
  insertions.push({ at: callee.getStart(), end: callee.end, text: 'TenantTypeOrmModule' });
  if (options && shared.length > 0) insertions.push(firstEntry(ts, options, `shared: [${listed(shared)}]`));
  if (floor) {
    insertions.push(firstEntry(ts, floor, '...tenantFloor()'));
    imports.push(`import { tenantFloor } from './${FLOOR}${importEnding(ts, source, isEsm)}'`);
    const floorPath = posix.join(dirname(path), `${FLOOR}.ts`);
    writeFloor(tree, told, floorPath, tables);
  } else if (!options && isPg) {
    leaveFloor(tree, told, dirname(path), tables);
  } else if (other !== null) {
    told.left(
      `The data source of ${path} is of ${other}, where there are no policies: the scope alone holds the tenant, and what goes past the ORM is held by nothing.`,
    );
  } else {
    told.left(
      `The floor is not under the data source of ${path}${isTaken ? ', which has a driver or extra of its own' : ''}. On PostgreSQL: driver: { ...pg, Pool: TenantPool } and extra: { context, isolation: rowLevelSecurity() }, from @tenancy/postgres.`,
    );
  }
  tree.overwrite(path, edited(text, [...insertions, ...importing(ts, source, imports, callee)]));
  told.changed(`${path}: TenantTypeOrmModule in place of TypeOrmModule`);
}

/** Names what makes tables by itself, and makes them without policies. */
function leaveSynchronize(told: Told, files: readonly { readonly path: string; readonly text: string }[]): void {
  const on = files.filter(
    ({ text }) => /TypeOrm|\bDataSource\b/.test(text) && /\bsynchronize:\s*(?!false\b)\S/.test(text),
  );
  if (on.length === 0) return;
  told.left(
    `Switch \`synchronize\` off in ${on.map(({ path }) => path).join(' and ')}: it changes tables as whoever connects, which the role app may not, and makes them without policies. Let migrations make them.`,
  );
}

/** The new imports; Nest's own module goes where nothing else uses it. */
function importing(ts: TypeScript, source: ts.SourceFile, lines: string[], used: ts.Node): Insertion[] {
  const added = addedImports(ts, source, lines);
  const isUsed = [...nodesOf(ts, source)].some(
    (node) =>
      ts.isIdentifier(node) && node.text === 'TypeOrmModule' && node !== used && !ts.isImportSpecifier(node.parent),
  );
  const alone = source.statements
    .filter(ts.isImportDeclaration)
    .find((each) => /^import \{ TypeOrmModule \} from/.test(each.getText()));
  if (isUsed || !alone) return [added];
  const rest = /^\r?\n/.exec(source.text.slice(alone.end))?.[0].length ?? 0;
  // Where it was the last one, the new ones come in its place.
  if (added.at === alone.end) return [{ at: alone.getStart(), end: alone.end, text: added.text.trimStart() }];
  return [{ at: alone.getStart(), end: alone.end + rest, text: '' }, added];
}

function registrationsIn(ts: TypeScript, source: ts.SourceFile): ts.CallExpression[] {
  return [...nodesOf(ts, source)]
    .filter(ts.isCallExpression)
    .filter(({ expression }) => /^TypeOrmModule\s*\.\s*forRoot(?:Async)?$/.test(expression.getText()));
}

/** The object with the options, in `forRoot` or in what `useFactory` returns. */
function optionsOf(ts: TypeScript, call: ts.CallExpression): ts.ObjectLiteralExpression | null {
  const [argument] = call.arguments;
  const given = argument && literalOf(ts, argument);
  if (!given || !ts.isObjectLiteralExpression(given)) return null;
  if (!call.expression.getText().endsWith('Async')) return given;
  const factory = propertyNamed(ts, given, 'useFactory');
  const made = factory && ts.isPropertyAssignment(factory) ? factory.initializer : factory;
  if (!made || !(ts.isArrowFunction(made) || ts.isFunctionExpression(made) || ts.isMethodDeclaration(made)))
    return null;
  const { body } = made;
  if (!body) return null;
  const returned = ts.isBlock(body)
    ? [...nodesOf(ts, body)].filter(ts.isReturnStatement).map(({ expression }) => expression)
    : [body];
  const [value, ...more] = returned;
  if (!value || more.length > 0) return null;
  const options = bare(ts, value);
  return ts.isObjectLiteralExpression(options) ? options : null;
}

const listed = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

/** Writes the floor for options that are made elsewhere, and says where it belongs. */
function leaveFloor(tree: Tree, told: Told, folder: string, tables: readonly string[]): void {
  const path = posix.join(folder, `${FLOOR}.ts`);
  writeFloor(tree, told, path, tables);
  told.left(
    `On PostgreSQL, spread ...tenantFloor() of ${path} into the options of the data source. What their own extra has goes into that one.`,
  );
}

function writeFloor(tree: Tree, told: Told, path: string, tables: readonly string[]): void {
  if (tree.exists(path)) return;
  tree.create(path, floorFile(tables));
  told.changed(`${path}: the floor, row-level security on each connection`);
}

/** The table of an entity: the one that its decorator names, or else as TypeORM names it. */
function tableOf(entity: string, files: readonly { readonly text: string }[]): string {
  const decorated = new RegExp(
    `@Entity\\(\\s*(?:\\{[^}]*?\\bname:\\s*)?(['"])([^'"]+)\\1[^)]*\\)\\s*(?:@\\w+\\([^)]*\\)\\s*)*(?:export\\s+)?(?:default\\s+)?class\\s+${entity}\\b`,
  );
  const named = files.map(({ text }) => decorated.exec(text)?.[2]).find((name) => name !== undefined);
  return named ?? entity.replaceAll(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase();
}

const floorFile = (tables: readonly string[]) => `import { TenantContext } from '@tenancy/core';
import { rowLevelSecurity, TenantPool } from '@tenancy/postgres';
import pg from 'pg';

/** Binds the tenant to each query, so that PostgreSQL itself refuses the rows of others. It connects as the role \`app\`. */
export const tenantFloor = (): {
  driver: object;
  installExtensions: boolean;
  extra: object;
} => ({
  driver: { ...pg, Pool: TenantPool },
  installExtensions: false,
  extra: {
    context: new TenantContext(),
    isolation: rowLevelSecurity({
      shared: [${listed(tables)}],
      hidden: ['migrations'],
    }),
  },
});
`;

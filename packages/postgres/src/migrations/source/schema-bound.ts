import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import { namesOf, nodesOf } from '../../parser/walk.js';
import { MigrationError } from '../outcome/migration-error.js';
import { isKeptInSchema, objectOf } from './kept-in-schema.js';
import type { Migration, Step } from './migration.js';

/** Objects that lie in a table, whose names have the table's before their own. */
const IN_A_TABLE = ['OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'];

/** Settings that lead elsewhere than to the tenant's schema, as the run's own role. */
const LEADING_AWAY = ['search_path', 'role', 'session_authorization'];

/** Members of nodes that hold a dotted name. */
const DOTTED = [
  'names',
  'typeName',
  'funcname',
  'objname',
  'domainname',
  'defnames',
  'opclassname',
  'opfamilyname',
  'opclass',
  'collation',
  'useOp',
  'collname',
  'name',
];

/**
 * Refuses, before anything is sent, what would leave the schema of the tenant that it runs for: under one search path a statement
 * that names another schema changes that one once for each tenant (O9, O10, O11).
 *
 * @param shared - schemas that may be named: those of extensions, and of tables that everybody reads
 * @throws MigrationError `migration_refused`.
 */
export function refuseForeignNames(migrations: readonly Migration[], shared: readonly string[]): void {
  const known = new Set(['pg_catalog', 'information_schema', ...shared]);
  for (const { name, steps } of migrations) {
    for (const statement of steps.flatMap(statementsOf)) {
      const problem = problemOf(statement, known);
      if (problem === null) continue;
      throw new MigrationError('migration_refused', `${name}, line ${statement.line}: ${problem} Nothing was sent.`);
    }
  }
}

/** True for statements whose effect cannot be read in them: what they call, or what is called for them, may change anything. */
export function isOpaque({ kind, tree }: ParsedStatement): boolean {
  if (['DoStmt', 'CallStmt', 'ExecuteStmt', 'CreateTrigStmt', 'RuleStmt'].includes(kind)) return true;
  return ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CreateTableAsStmt'].includes(kind)
    ? [...nodesOf(tree)].some((node) => node.kind === 'FuncCall')
    : false;
}

/** True for statements that leave something on their connection, which the next tenant's would find. */
export function leavesSession(statement: ParsedStatement): boolean {
  const { kind, tree } = statement;
  if (['PrepareStmt', 'DeclareCursorStmt', 'ListenStmt'].includes(kind) || isOpaque(statement)) return true;
  return /"relpersistence":"t"|"pg_temp"/.test(JSON.stringify(tree));
}

export function statementsOf(step: Step): readonly ParsedStatement[] {
  if (step.kind === 'code') return [];
  return step.kind === 'alone' ? [step.statement] : step.statements;
}

function problemOf({ kind, tree, text }: ParsedStatement, known: ReadonlySet<string>): string | null {
  if (leadsAway(kind, tree, known)) {
    return 'this changes the role or the search path, by which the file finds its own tenant. Remove it.';
  }
  if (!isKeptInSchema({ kind, tree })) {
    const words = /^[a-z]+(?:\s+[a-z]+)?/i.exec(text)?.[0].replace(/\s+/, ' ').toUpperCase() ?? 'this';
    return (
      `${words} leads away from the schema of a tenant: it is about the whole database, its server or the connection, and the file runs once ` +
      'for each tenant. Do it once, with migrations of the database itself' +
      `${kind.includes('Extension') ? '; extensions go into a schema of their own, which `shared` names' : ''}.`
    );
  }
  if (writesCatalog(tree))
    return "it writes to a catalog of PostgreSQL, which is everybody's. Use the statement that does it.";
  const foreign = foreignSchema(kind, tree, objectOf(tree), known);
  if (foreign === null) return null;
  return (
    `it names the schema ${JSON.stringify(foreign)}, so it would change or read that one for each tenant. Name tables, types and functions ` +
    'without a schema; what everybody reads lies in a schema that `shared` names.'
  );
}

function leadsAway(kind: string, tree: SyntaxTree, known: ReadonlySet<string>): boolean {
  const set = [{ kind, tree }, ...nodesOf(tree)].filter((node) => node.kind === 'VariableSetStmt');
  return (
    set.some(({ tree: { name, kind: how, args } }) =>
      // A function may have a path of its own that leads nowhere else.
      kind !== 'VariableSetStmt' && name === 'search_path' && Array.isArray(args)
        ? args.some((path) => !['', 'pg_temp', ...known].includes(textOf(path) ?? '?'))
        : LEADING_AWAY.includes(String(name)) || how === 'VAR_RESET_ALL',
    ) ||
    callsOf(tree).some(({ name, first }) => name === 'set_config' && (first === null || LEADING_AWAY.includes(first)))
  );
}

function foreignSchema(kind: string, tree: SyntaxTree, about: string, known: ReadonlySet<string>): string | null {
  const isForeign = (schema: string | undefined): schema is string => schema !== undefined && !known.has(schema);
  const objects = [tree['objects'], tree['object']].flat().filter((entry) => entry !== undefined);
  const local = IN_A_TABLE.includes(about) ? 2 : 1;
  const named = objects.map((entry) => namesOf((entry as { readonly List?: { readonly items: unknown } }).List?.items));
  const granted = [
    ...(kind === 'GrantStmt' ? namesOf(objects) : []),
    ...[...nodesOf(tree)]
      .filter((node) => node.kind === 'DefElem' && node.tree['defname'] === 'schemas')
      .flatMap(({ tree: { arg } }) => namesOf((arg as { readonly List: { readonly items: unknown } }).List.items)),
  ];
  // What a text names, for a sequence or a cast to `regclass`.
  const spelt = [...callsOf(tree), ...castsOf(tree)]
    .filter(({ name }) => /^(?:to_)?reg|^(?:next|curr|set)val$/.test(name))
    .map(({ first }) => /^"?([^".]+)"?\./.exec(first ?? '')?.[1]);
  return (
    [...named.map((parts) => parts.at(-local - 1)), ...granted, ...spelt, ...qualifiers(tree)].find(isForeign) ?? null
  );
}

/** True for rows of a catalog that are written as if it were a table. */
function writesCatalog(tree: SyntaxTree): boolean {
  const { schemaname, relname } = (tree['relation'] ?? {}) as {
    readonly schemaname?: string;
    readonly relname?: string;
  };
  const isWrite = 'cols' in tree || 'targetList' in tree || 'whereClause' in tree || 'selectStmt' in tree;
  return isWrite && (schemaname === 'pg_catalog' || (schemaname === undefined && relname?.startsWith('pg_') === true));
}

/** The qualifiers of every name below `value`. */
function* qualifiers(value: unknown): Generator<string | undefined> {
  if (Array.isArray(value)) for (const entry of value) yield* qualifiers(entry);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [member, below] of Object.entries(value)) {
    if (member === 'schemaname' && typeof below === 'string') yield below;
    else if (DOTTED.includes(member) && Array.isArray(below)) yield namesOf(below).at(-2);
    yield* qualifiers(below);
  }
}

/** A call or a cast by its name, with its first argument where that is a text. */
interface Applied {
  readonly name: string;
  readonly first: string | null;
}

function callsOf(tree: SyntaxTree): Applied[] {
  return [...nodesOf(tree)]
    .filter(({ kind }) => kind === 'FuncCall')
    .map(({ tree: call }) => ({
      name: namesOf(call['funcname']).at(-1) ?? '',
      first: textOf((call['args'] as readonly unknown[] | undefined)?.[0]),
    }));
}

function castsOf(tree: SyntaxTree): Applied[] {
  return [...nodesOf(tree)]
    .filter(({ kind }) => kind === 'TypeCast')
    .map(({ tree: cast }) => ({
      name: namesOf((cast['typeName'] as SyntaxTree)['names']).at(-1) ?? '',
      first: textOf(cast['arg']),
    }));
}

function textOf(node: unknown): string | null {
  const constant = (node as { readonly A_Const?: { readonly sval?: { readonly sval?: string } } } | undefined)?.A_Const;
  return constant?.sval ? (constant.sval.sval ?? '') : null;
}

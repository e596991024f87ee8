import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import { namesOf, nodesOf } from '../../parser/walk.js';
import { MigrationError } from '../outcome/migration-error.js';
import type { Migration, Step } from './migration.js';

/** Statements that are about the database, and not about one tenant's schema. */
const OF_THE_DATABASE: ReadonlySet<string> = new Set([
  ...[
    'CreateExtensionStmt',
    'AlterExtensionStmt',
    'AlterExtensionContentsStmt',
    'CreateSchemaStmt',
    'AlterObjectSchemaStmt',
  ],
  ...[
    'CreateRoleStmt',
    'AlterRoleStmt',
    'AlterRoleSetStmt',
    'DropRoleStmt',
    'GrantRoleStmt',
    'DropOwnedStmt',
    'ReassignOwnedStmt',
  ],
  ...[
    'CreateEventTrigStmt',
    'AlterEventTrigStmt',
    'CreatePublicationStmt',
    'AlterPublicationStmt',
    'CreateCastStmt',
    'CreatePLangStmt',
  ],
  ...['CreateFdwStmt', 'CreateForeignServerStmt', 'CreateUserMappingStmt', 'CreateAmStmt', 'CreateTransformStmt'],
]);

/** Kinds that DROP, COMMENT and RENAME name, which lie in no schema. */
const SCHEMALESS = [
  'OBJECT_SCHEMA',
  'OBJECT_EXTENSION',
  'OBJECT_PUBLICATION',
  'OBJECT_EVENT_TRIGGER',
  'OBJECT_FDW',
  'OBJECT_CAST',
];

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

/** True for statements whose effect cannot be read in them: what they call may change anything. */
export function isOpaque({ kind, tree }: ParsedStatement): boolean {
  if (kind === 'DoStmt' || kind === 'CallStmt' || kind === 'ExecuteStmt') return true;
  return ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CreateTableAsStmt'].includes(kind)
    ? [...nodesOf(tree)].some((node) => node.kind === 'FuncCall')
    : false;
}

export function statementsOf(step: Step): readonly ParsedStatement[] {
  if (step.kind === 'code') return [];
  return step.kind === 'alone' ? [step.statement] : step.statements;
}

function problemOf({ kind, tree }: ParsedStatement, known: ReadonlySet<string>): string | null {
  const about = String(tree['removeType'] ?? tree['renameType'] ?? tree['objtype'] ?? '');
  if (OF_THE_DATABASE.has(kind) || SCHEMALESS.includes(about)) {
    return (
      'this changes the whole database, and the file runs once for each tenant. Do it once, with migrations of the database itself' +
      `${kind.includes('Extension') ? '; extensions go into a schema of their own, which `shared` names' : ''}.`
    );
  }
  if (leadsAway(kind, tree)) {
    return 'this changes the role or the search path, by which the file finds its own tenant. Remove it.';
  }
  const foreign = foreignSchema(kind, tree, about, known);
  if (foreign === null) return null;
  return (
    `it names the schema ${JSON.stringify(foreign)}, so it would change or read that one for each tenant. Name tables, types and functions ` +
    'without a schema; what everybody reads lies in a schema that `shared` names.'
  );
}

function leadsAway(kind: string, tree: SyntaxTree): boolean {
  if (kind === 'VariableSetStmt')
    return LEADING_AWAY.includes(String(tree['name'])) || tree['kind'] === 'VAR_RESET_ALL';
  if (kind === 'DiscardStmt') return true;
  return callsOf(tree).some(
    ({ name, first }) => name === 'set_config' && (first === null || LEADING_AWAY.includes(first)),
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

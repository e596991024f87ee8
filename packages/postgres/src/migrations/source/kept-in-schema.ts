import type { ParsedStatement, SyntaxTree } from '../../parser/parse-sql.js';
import { nodesOf } from '../../parser/walk.js';

/** Statements that are about what lies in a schema, or about rows. What is in no list here is refused, a kind that PostgreSQL gets later included. */
export const IN_A_SCHEMA: ReadonlySet<string> = new Set([
  ...['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'TruncateStmt', 'CopyStmt', 'LockStmt'],
  ...[
    'CreateStmt',
    'CreateTableAsStmt',
    'IndexStmt',
    'ViewStmt',
    'RefreshMatViewStmt',
    'CreateSeqStmt',
    'AlterSeqStmt',
  ],
  ...['CreateStatsStmt', 'AlterStatsStmt', 'CreatePolicyStmt', 'AlterPolicyStmt', 'CreateTrigStmt', 'RuleStmt'],
  ...['CreateFunctionStmt', 'AlterFunctionStmt', 'CallStmt', 'DoStmt', 'CreateEnumStmt', 'AlterEnumStmt'],
  ...['CompositeTypeStmt', 'AlterTypeStmt', 'CreateRangeStmt', 'CreateDomainStmt', 'AlterDomainStmt'],
  ...['CreateOpClassStmt', 'CreateOpFamilyStmt', 'AlterOpFamilyStmt', 'AlterOperatorStmt', 'CreateConversionStmt'],
  ...['AlterCollationStmt', 'AlterTSConfigurationStmt', 'AlterTSDictionaryStmt', 'AlterDefaultPrivilegesStmt'],
  ...['VacuumStmt', 'ClusterStmt', 'ReindexStmt', 'ExplainStmt', 'ConstraintsSetStmt'],
  // The settings that lead away are looked at one by one.
  ...['VariableSetStmt', 'VariableShowStmt'],
  // A cursor ends with the transaction, unless it is WITH HOLD.
  ...['DeclareCursorStmt', 'FetchStmt', 'ClosePortalStmt'],
  // Parts of others.
  ...['ReplicaIdentityStmt', 'ReturnStmt'],
]);

/** Statements that the kind of object decides, of which they name one. */
export const BY_OBJECT: ReadonlySet<string> = new Set([
  ...['AlterTableStmt', 'DropStmt', 'RenameStmt', 'CommentStmt', 'AlterOwnerStmt', 'AlterObjectDependsStmt'],
  ...['GrantStmt', 'SecLabelStmt', 'DefineStmt'],
]);

/** Objects that lie in a schema, or in a table or type that does. */
export const OBJECTS_IN_A_SCHEMA: ReadonlySet<string> = new Set([
  ...['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_INDEX', 'OBJECT_SEQUENCE'],
  ...['OBJECT_COLUMN', 'OBJECT_DEFAULT', 'OBJECT_TABCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'],
  ...['OBJECT_TYPE', 'OBJECT_ATTRIBUTE', 'OBJECT_DOMAIN', 'OBJECT_DOMCONSTRAINT', 'OBJECT_STATISTIC_EXT'],
  ...['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE', 'OBJECT_OPERATOR'],
  ...['OBJECT_OPCLASS', 'OBJECT_OPFAMILY', 'OBJECT_AMOP', 'OBJECT_AMPROC', 'OBJECT_COLLATION', 'OBJECT_CONVERSION'],
  ...['OBJECT_TSCONFIGURATION', 'OBJECT_TSDICTIONARY', 'OBJECT_TSPARSER', 'OBJECT_TSTEMPLATE'],
]);

/** CURSOR_OPT_HOLD. */
const WITH_HOLD = 0x20;

/** Commands without a table, which are for all tables of the database. */
const OF_ALL_TABLES: Readonly<Record<string, string>> = {
  VacuumStmt: 'rels',
  ClusterStmt: 'relation',
  ReindexStmt: 'relation',
};

/** True for a statement that stays within the schema of a tenant, as far as its kind and the kind of its object say. */
export function isKeptInSchema({ kind, tree }: Pick<ParsedStatement, 'kind' | 'tree'>): boolean {
  const within = [...nodesOf(tree)].filter((node) => node.kind.endsWith('Stmt'));
  return [{ kind, tree }, ...within].every(isKept);
}

function isKept({ kind, tree }: Pick<ParsedStatement, 'kind' | 'tree'>): boolean {
  if (BY_OBJECT.has(kind)) return OBJECTS_IN_A_SCHEMA.has(objectOf(tree));
  if (!IN_A_SCHEMA.has(kind)) return false;
  const member = OF_ALL_TABLES[kind];
  if (member !== undefined) return tree[member] !== undefined;
  // Of every schema, and not only of those that are named.
  if (kind === 'AlterDefaultPrivilegesStmt') return JSON.stringify(tree).includes('"defname":"schemas"');
  if (kind === 'DeclareCursorStmt') return (Number(tree['options']) & WITH_HOLD) === 0;
  // A file of the server's is the same one for all.
  if (kind === 'CopyStmt') return tree['is_from'] === true && tree['is_program'] !== true;
  return true;
}

/** The kind of object that a statement is about; empty where it names none. */
export function objectOf(tree: SyntaxTree): string {
  return String(
    tree['removeType'] ?? tree['renameType'] ?? tree['objtype'] ?? tree['objectType'] ?? tree['kind'] ?? '',
  );
}

/** Statements about the server, which no transaction takes back; `migrate` runs none. */
export const OF_THE_SERVER: ReadonlySet<string> = new Set([
  ...['CreatedbStmt', 'DropdbStmt', 'AlterDatabaseStmt', 'AlterDatabaseRefreshCollStmt', 'AlterSystemStmt'],
  ...['CreateTableSpaceStmt', 'DropTableSpaceStmt', 'AlterTableSpaceOptionsStmt'],
]);

/** Statements about roles, which all databases of a server share. */
const OF_ROLES: ReadonlySet<string> = new Set([
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
]);

/** True for a statement about what is there once for all databases of a server. */
export function isOfTheServer({ kind }: Pick<ParsedStatement, 'kind'>): boolean {
  return OF_THE_SERVER.has(kind) || OF_ROLES.has(kind);
}

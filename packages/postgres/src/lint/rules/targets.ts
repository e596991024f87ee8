import { isKeptInSchema, isOfTheServer, objectOf } from '../../migrations/source/kept-in-schema.js';
import type { ParsedStatement } from '../../parser/parse-sql.js';
import { type FoundNode, nodesOf } from '../../parser/walk.js';
import type { LintRule, Place } from '../rule/rule.js';
import { settingsOf } from '../rule/settings.js';
import { isListed } from '../rule/tables.js';
import { nameOf, type QualifiedName, relationName, sqlName } from '../sql/names.js';
import { constantOf, locationOf, namedAt, node, nodes, strings, text } from '../sql/nodes.js';

const SYSTEM: ReadonlySet<string> = new Set(['pg_catalog', 'information_schema', 'pg_temp']);

/** O11: an extension in the schema of one tenant. */
export const extensionInTenantMigration: LintRule = {
  name: 'extension-in-tenant-migration',
  group: 'targets',
  severity: 'error',
  finds: "`CREATE EXTENSION` with `strategy: 'schemas'`",
  why: "O11: an extension is there once in a database: the next tenant does not find its types, and dropping the first tenant's schema deletes the others' columns of them.",
  safe: 'once for the database, before the tenants',
  steps: {
    *CreateExtensionStmt({ tree, options }) {
      if (options.strategy !== 'schemas') return;
      yield {
        message:
          "an extension is there once in a database: it lands in the schema of the first tenant, and dropping that schema deletes the other tenants' columns of its types.",
        fix: `-- once for the database, before the migrations of tenants:\nCREATE EXTENSION ${text(tree, 'extname') ?? ''} SCHEMA public;`,
      };
    },
  },
};

/** O9, O10: a name that leads into one schema, whichever tenant the file runs for. */
export const foreignSchema: LintRule = {
  name: 'foreign-schema',
  group: 'targets',
  severity: 'error',
  finds:
    'a name with a schema (`public.users`, `CREATE TYPE "public"."status"`, `\'public.users\'::regclass`) with `strategy: \'schemas\'`, other than tables in `shared`',
  why: 'O9, O10: the file runs once for each tenant, and this name means the same schema every time: the second run fails, or all tenants share what it makes.',
  safe: 'names without a schema',
  *end({ file, options }) {
    if (options.strategy !== 'schemas') return;
    for (const statement of new Set(file.steps.map((step) => step.statement))) {
      const found = qualifiedNames({ [statement.kind]: statement.tree }).find(
        ({ name, isChanged }) => isChanged || !isListed(name, options.shared),
      );
      if (!found) continue;
      const name = sqlName(found.name);
      yield {
        statement,
        at: found.at,
        message: `${name} is the same one for every tenant that the file runs for.`,
        fix: `-- without the schema, so that it is the tenant's own:\n${statement.text.replace(new RegExp(`"?\\b${found.name.schema}\\b"?\\s*\\.\\s*`, 'g'), '')};\n-- or list a table of everybody's: shared: ['${found.name.schema}.${found.name.name}']`,
      };
    }
  },
};

interface Found {
  readonly name: QualifiedName;
  readonly at: number | undefined;
  /** True for the name of what the statement makes, changes or drops. */
  readonly isChanged: boolean;
}

/** Names of relations, types and functions that are written with a schema that is not the system's. */
function qualifiedNames(statement: Record<string, unknown>): readonly Found[] {
  const [[outer = '', top] = []] = Object.entries(statement);
  const changed = CHANGES.has(outer) ? node(top as Place['tree'], 'relation') : undefined;
  const found: Found[] = [];
  const add = (name: QualifiedName, at: number | undefined, isChanged = false) => {
    if (name.schema !== undefined && !SYSTEM.has(name.schema)) found.push({ name, at, isChanged });
  };
  const own = top as Place['tree'];
  if (changed && text(changed, 'relname') !== undefined) add(relationName(changed), locationOf(changed), true);
  for (const member of ['typeName', 'domainname', 'funcname', 'defnames'])
    if (outer !== 'AlterTableStmt' && Array.isArray(own[member])) add(nameOf(strings(own, member)), undefined, true);
  if (outer === 'DropStmt') {
    for (const { kind, tree } of nodes(own, 'objects'))
      add(nameOf(strings(tree, kind === 'List' ? 'items' : 'names')), undefined, true);
    return found;
  }
  if (outer === 'CreateSeqStmt') add(relationName(node(own, 'sequence')), undefined, true);
  if (outer === 'ViewStmt') add(relationName(node(own, 'view')), undefined, true);
  for (const { kind, tree } of nodesOf(statement)) {
    if (kind === 'RangeVar') add(relationName(tree), locationOf(tree));
    if (kind === 'FuncCall') add(nameOf(strings(tree, 'funcname')), locationOf(tree));
    const named = nameInText({ kind, tree });
    if (named) add(named, locationOf(tree));
    for (const member of ['typeName', 'returnType', 'argType', 'pktable', 'relation', 'view', 'table', 'rel']) {
      const inner = node(tree, member);
      if (Array.isArray(inner['names'])) add(nameOf(strings(inner, 'names')), locationOf(inner));
      if (text(inner, 'relname') !== undefined) add(relationName(inner), locationOf(inner));
    }
  }
  return found;
}

/** The name that a text is turned into: `'public.x'::regclass`, `to_regclass('public.x')`. */
function nameInText({ kind, tree }: FoundNode): QualifiedName | undefined {
  const isCast = kind === 'TypeCast' && strings(node(tree, 'typeName'), 'names').at(-1)?.startsWith('reg');
  const isCall = kind === 'FuncCall' && strings(tree, 'funcname').at(-1)?.startsWith('to_reg');
  const [argument] = isCast ? [namedAt(tree, 'arg')] : isCall ? nodes(tree, 'args') : [];
  const parts = argument && constantOf(argument)?.match(/"(?:[^"]|"")*"|[^."(]+/g);
  return parts ? nameOf(parts.map((part) => part.replaceAll('"', ''))) : undefined;
}

const CHANGES: ReadonlySet<string> = new Set([
  'CreateStmt',
  'AlterTableStmt',
  'IndexStmt',
  'RenameStmt',
  'CreateTrigStmt',
  'UpdateStmt',
  'DeleteStmt',
  'InsertStmt',
  'MergeStmt',
  'AlterObjectSchemaStmt',
]);

/** O9: a file that turns the search path elsewhere. */
export const searchPath: LintRule = {
  name: 'search-path',
  group: 'targets',
  severity: 'error',
  finds: "`SET search_path`, also by `set_config` and in a function, with `strategy: 'schemas'`",
  why: "O9, O32: the runner has set the tenant's schema; another path changes another schema's tables, and one that a function keeps stays when the schema is renamed.",
  safe: 'leave it out: the runner sets it',
  *end({ file, options }) {
    if (options.strategy !== 'schemas') return;
    for (const { name, statement, at } of settingsOf(file))
      if (name === 'search_path') yield { ...PATH, statement, at };
  },
};

const PATH = {
  message: 'the runner has set the schema of the tenant: another path reads and changes the tables of another schema.',
  fix: "-- leave it out: names without a schema are the tenant's",
};

/** A schema that a file of tenants makes, drops or renames. */
export const schemaStatement: LintRule = {
  name: 'schema-statement',
  group: 'targets',
  severity: 'error',
  finds: "`CREATE SCHEMA`, `DROP SCHEMA`, `ALTER SCHEMA` and `SET SCHEMA` with `strategy: 'schemas'`",
  why: 'The file runs once for each tenant in a schema that is there: the second run meets what the first one made.',
  safe: 'leave it out: the runner makes the schema',
  *end({ file, options }) {
    if (options.strategy !== 'schemas') return;
    for (const statement of new Set(file.steps.map((step) => step.statement)))
      if (isAboutSchema(statement)) yield { ...SCHEMA, statement };
  },
};

function isAboutSchema({ kind, tree }: ParsedStatement): boolean {
  if (kind === 'CreateSchemaStmt' || kind === 'AlterObjectSchemaStmt') return true;
  return ['DropStmt', 'RenameStmt', 'AlterOwnerStmt'].includes(kind) && objectOf(tree) === 'OBJECT_SCHEMA';
}

const SCHEMA = {
  message:
    'the file runs once for each tenant, in a schema that is there: the second run meets what the first one made.',
  fix: '-- leave it out: the runner makes the schema of a tenant; what is of everybody is made by a file of its own, for the database',
};

/** O32: a sequence that is named by a text. */
export const sequenceNameAsText: LintRule = {
  name: 'sequence-name-as-text',
  group: 'targets',
  severity: 'warning',
  finds: "`nextval('other.seq')` with a schema in the text, or `nextval('seq'::text)`, with `strategy: 'schemas'`",
  why: 'O32: the text is read when it is called: with a schema in it all tenants take numbers of one, and without one it depends on the path of the session.',
  safe: "`nextval('seq')`, or an identity",
  *end({ file, options }) {
    if (options.strategy !== 'schemas') return;
    for (const statement of new Set(file.steps.map((step) => step.statement))) {
      for (const { kind, tree } of nodesOf(statement.tree)) {
        if (kind !== 'FuncCall' || !['nextval', 'setval', 'currval'].includes(strings(tree, 'funcname').at(-1) ?? ''))
          continue;
        const [first] = nodes(tree, 'args');
        if (!first) continue;
        const isText = first.kind === 'TypeCast' && strings(node(first.tree, 'typeName'), 'names').at(-1) === 'text';
        const named = constantOf(first.kind === 'TypeCast' ? namedAt(first.tree, 'arg') : first);
        if (named === undefined || (!isText && !named.includes('.'))) continue;
        const name = named.split('.').at(-1) ?? named;
        yield {
          statement,
          at: locationOf(tree),
          message: `'${named}' is found again by its text at each call, whichever tenant calls.`,
          fix: `nextval('${name}')`,
        };
      }
    }
  },
};

/** A statement that leads away from the tenant that a file runs for. */
export const clusterWideStatement: LintRule = {
  name: 'cluster-wide-statement',
  group: 'targets',
  severity: 'error',
  finds:
    "a statement about the whole server (`CREATE ROLE`, `ALTER SYSTEM`) with `strategy: 'schemas'` or `'databases'`; with `'schemas'` every one that is not known to be about what lies in a schema: `CREATE PUBLICATION`, `LISTEN`, `PREPARE`",
  why: 'The file runs once for each tenant, and what this is about is there once: the second run fails, or changes what the first one made. `migrate` refuses such a file.',
  safe: 'once, where the server is set up',
  *end({ file, options }) {
    if (options.strategy === 'rows') return;
    for (const statement of new Set(file.steps.map((step) => step.statement))) {
      const isOfServer = isOfTheServer(statement);
      const isKept = options.strategy === 'schemas' ? isKeptInSchema(statement) : !isOfServer;
      if (isKept || isAboutSchema(statement) || HAVING_RULES.has(statement.kind)) continue;
      yield {
        statement,
        message: `the file runs once for each tenant, and what this is about is there once for the ${isOfServer ? 'server' : 'database, or stays on the connection'}.`,
        fix: '-- not in a migration of tenants: once, where the server is set up, or as a migration of the database itself',
      };
    }
  },
};

/** Statements that rules of their own are about. */
const HAVING_RULES: ReadonlySet<string> = new Set(['CreateExtensionStmt', 'DropdbStmt', 'TransactionStmt']);

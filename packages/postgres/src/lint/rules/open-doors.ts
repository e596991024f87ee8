import { indexName, statements } from '../rule/fix.js';
import type { LintRule, Place } from '../rule/rule.js';
import { classOf, isListed, isTenantTable } from '../rule/tables.js';
import type { Step } from '../schema/step.js';
import { keyOf, nameOf, quoted, relationName, sqlName } from '../sql/names.js';
import { locationOf, namedAt, node, nodes, strings, text } from '../sql/nodes.js';

/** G7: a view of the owner's rights, or one whose rows are stored. */
export const views: LintRule = {
  name: 'views',
  group: 'tenants',
  severity: 'error',
  finds:
    'a view over tenant tables without `security_invoker`, also where `ALTER VIEW` takes it away, or a materialised view of them',
  why: 'G7: a view reads its tables as its owner, and a materialised view has no policies: both show the rows of every tenant.',
  safe: "`WITH (security_invoker = true)`; no materialised views of tenants' rows",
  *end({ file, schema, options }) {
    if (options.strategy !== 'rows') return;
    for (const step of file.steps) {
      const isMaterialized = step.kind === 'CreateTableAsStmt' && step.objectType === 'OBJECT_MATVIEW';
      if (step.kind !== 'ViewStmt' && !isMaterialized && !isOfInvoker(step)) continue;
      const view = step.relation && schema.views.get(keyOf(step.relation));
      if (!view || view.isInvoker || isListed(view.name, options.hidden)) continue;
      const read = schema.readBy(view.name).map((each) => schema.table(each));
      const open = read.filter(
        (table) =>
          ['tenant', 'unknown'].includes(classOf(table, options)) &&
          !/^(?:pg_|information_schema)/.test(table.name.schema ?? table.name.name),
      );
      const [first] = open;
      if (!first) continue;
      const on = sqlName(view.name);
      yield {
        statement: step.statement,
        severity: open.some((table) => isTenantTable(table, options)) ? 'error' : 'warning',
        message: isMaterialized
          ? `${on} stores rows of ${sqlName(first.name)}, and a materialised view has no policies: who reads it sees those of every tenant.`
          : `${on} reads ${sqlName(first.name)} as its owner, so who reads it sees the rows of every tenant.`,
        fix: isMaterialized
          ? `-- a table with ${quoted(options.tenantColumn)} and a policy, which a job fills; or, where no application reads it:\nREVOKE ALL ON ${on} FROM PUBLIC;\n-- and list it: hidden: ['${keyOf(view.name)}']`
          : statements(`ALTER VIEW ${on} SET (security_invoker = true)`),
      };
    }
  },
};

/** True for an ALTER VIEW that is about whose rights the view has. */
function isOfInvoker({ kind, tree, objectType }: Step): boolean {
  const options = nodes(node(node(tree, 'def'), 'List'), 'items').map(({ tree: option }) => text(option, 'defname'));
  return objectType === 'OBJECT_VIEW' && kind.endsWith('RelOptions') && options.includes('security_invoker');
}

/** G8: a function of the owner's rights. */
export const securityDefiner: LintRule = {
  name: 'security-definer',
  group: 'tenants',
  severity: 'warning',
  finds: '`SECURITY DEFINER`',
  why: 'G8: such a function runs as its owner, whom policies may not hold, and reads and writes the rows of every tenant.',
  safe: '`SECURITY INVOKER`',
  steps: {
    *CreateFunctionStmt({ tree, options }) {
      if (options.strategy === 'rows' && isDefiner(tree, 'options'))
        yield definer(strings(tree, 'funcname'), tree['is_procedure'] === true);
    },
    *AlterFunctionStmt({ tree, options }) {
      if (options.strategy === 'rows' && isDefiner(tree, 'actions'))
        yield definer(strings(node(tree, 'func'), 'objname'), text(tree, 'objtype') === 'OBJECT_PROCEDURE');
    },
  },
};

function isDefiner(tree: Parameters<typeof nodes>[0], member: string): boolean {
  return nodes(tree, member).some(
    ({ tree: option }) => text(option, 'defname') === 'security' && namedAt(option, 'arg').tree['boolval'] === true,
  );
}

function definer(name: readonly string[], isProcedure: boolean) {
  const own = sqlName(nameOf(name));
  return {
    message: `${own} runs as its owner: where policies do not hold that role, it reads and writes the rows of every tenant for whoever calls it.`,
    fix: statements(`ALTER ${isProcedure ? 'PROCEDURE' : 'FUNCTION'} ${own} SECURITY INVOKER`),
  };
}

/** Rights that no policy limits. */
export const tablePrivileges: LintRule = {
  name: 'table-privileges',
  group: 'tenants',
  severity: 'error',
  finds: '`GRANT TRUNCATE`, `TRIGGER`, `REFERENCES`, `MAINTAIN` or `ALL` on tables',
  why: 'G7: `TRUNCATE` asks no policy and deletes the rows of every tenant; the others reach past policies in their own ways.',
  safe: '`GRANT SELECT, INSERT, UPDATE, DELETE`',
  steps: {
    *GrantStmt(place) {
      yield* beyondPolicies(place, place.tree);
    },
    *AlterDefaultPrivilegesStmt(place) {
      yield* beyondPolicies(place, node(place.tree, 'action'));
    },
  },
};

function* beyondPolicies({ options, step, schema }: Place, grant: Place['tree']) {
  if (options.strategy !== 'rows' || grant['is_grant'] !== true || text(grant, 'objtype') !== 'OBJECT_TABLE') return;
  const tables = nodes(grant, 'objects').map(({ tree: range }) => relationName(range));
  const isOthers =
    tables.length > 0 &&
    text(grant, 'targtype') === 'ACL_TARGET_OBJECT' &&
    tables.every(
      (name) => ['shared', 'hidden'].includes(classOf(schema.table(name), options)) || schema.views.has(keyOf(name)),
    );
  if (isOthers) return;
  const given = nodes(grant, 'privileges').map(({ tree: one }) => (text(one, 'priv_name') ?? '').toLowerCase());
  const beyond = given.length === 0 ? ['all'] : given.filter((one) => BEYOND.has(one));
  if (beyond.length === 0) return;
  yield {
    message: `${beyond.join(', ').toUpperCase()} includes what no policy limits: TRUNCATE deletes the rows of every tenant.`,
    fix: statements(
      step.statement.text.replace(
        /\bgrant\s+(.*?)\s+on\b/is,
        () =>
          `GRANT ${
            given
              .filter((one) => !BEYOND.has(one))
              .join(', ')
              .toUpperCase() || 'SELECT, INSERT, UPDATE, DELETE'
          } ON`,
      ),
    ),
  };
}

const BEYOND: ReadonlySet<string> = new Set(['all', 'truncate', 'trigger', 'references', 'maintain']);

/** Rights of every role, also of those that come later. */
export const publicTables: LintRule = {
  name: 'public-tables',
  group: 'tenants',
  severity: 'error',
  finds: '`GRANT … TO PUBLIC` on tables, also by default',
  why: 'Every role of the server has the right then, those that no policy is written for included.',
  safe: 'the name of a role',
  steps: {
    *GrantStmt(place) {
      yield* toEverybody(place, place.tree);
    },
    *AlterDefaultPrivilegesStmt(place) {
      yield* toEverybody(place, node(place.tree, 'action'));
    },
  },
};

function* toEverybody({ step }: Place, grant: Place['tree']) {
  if (grant['is_grant'] !== true || text(grant, 'objtype') !== 'OBJECT_TABLE') return;
  if (!nodes(grant, 'grantees').some(({ tree: role }) => text(role, 'roletype') === 'ROLESPEC_PUBLIC')) return;
  yield {
    message: 'every role of the server has the right then, also those that no policy is written for.',
    fix: `-- name the role of the application:\n${step.statement.text.replace(/\bto\s+public\b/i, 'TO app')};`,
  };
}

/** G4: an index that no query uses under policies. */
export const leakproofIndexes: LintRule = {
  name: 'leakproof-indexes',
  group: 'tenants',
  severity: 'advice',
  finds:
    'an index of a tenant table that begins with an enum, `numeric`, `jsonb`, an expression, or uses `gin`, `gist` or `brin`',
  why: 'G4: under row-level security a condition whose operator is not leakproof is tested after the policy, and cannot use its index.',
  safe: 'begin the index with the tenant',
  steps: {
    *IndexStmt({ tree, table, options, schema, step }) {
      if (!isTenantTable(table, options)) return;
      const [first] = nodes(tree, 'indexParams');
      const column = first && text(first.tree, 'name');
      if (column === options.tenantColumn) return;
      const type = column === undefined ? undefined : table.columns.get(column)?.type;
      const method = text(tree, 'accessMethod') ?? 'btree';
      const isEnum = type !== undefined && schema.enums.has(type.name);
      const why = !first
        ? undefined
        : method !== 'btree' && method !== 'hash'
          ? `is of the kind ${method}`
          : column === undefined
            ? 'begins with an expression'
            : isEnum || (type && LEAKY.has(type.name))
              ? `begins with ${quoted(column)}, of type ${type?.name ?? ''}`
              : undefined;
      if (why === undefined) return;
      const tenant = quoted(options.tenantColumn);
      yield {
        at: locationOf(node(tree, 'relation')),
        message: `the index ${why}, whose operators are not leakproof: under policies no query finds rows by it.`,
        fix:
          method === 'btree'
            ? statements(step.statement.text.replace(/\((?=[^)])/, () => `(${tenant}, `))
            : `-- an index that begins with the tenant is what the policy can use:\nCREATE INDEX CONCURRENTLY ${indexName(table.name.name, [options.tenantColumn])} ON ${sqlName(table.name)} (${tenant});`,
      };
    },
  },
};

const LEAKY: ReadonlySet<string> = new Set([
  'numeric',
  'jsonb',
  'json',
  'citext',
  'inet',
  'cidr',
  'interval',
  'hstore',
  'tsvector',
]);

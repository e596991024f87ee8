import { nodesOf } from '../../parser/walk.js';
import { statements } from '../rule/fix.js';
import type { LintRule, Place } from '../rule/rule.js';
import { isTenantTable, severityOfOpening } from '../rule/tables.js';
import { policyName, readPolicy } from '../schema/read-policy.js';
import { quoted, sqlName } from '../sql/names.js';
import { columnOf, constantOf, type NamedNode, namedAt, node, nodes, text } from '../sql/nodes.js';

/** O14: a tenant table that its file leaves open. */
export const tablePolicies: LintRule = {
  name: 'table-policies',
  group: 'tenants',
  severity: 'error',
  finds: "a new tenant table that its file leaves without `ENABLE`, `FORCE` or a policy, with `policies: 'in-files'`",
  why: 'O14: between this file and the one that protects the table the application reads the rows of other tenants. `tenancy migrate` compiles the policies in the same transaction, so with it this is no finding.',
  safe: 'table, grant, policy, `ENABLE` and `FORCE` in one file',
  *end({ schema, options, file }) {
    if (options.policies !== 'in-files') return;
    for (const table of schema.tables.values()) {
      if (table.made.file !== file.number || table.isTemporary || !isTenantTable(table, options)) continue;
      const on = sqlName(table.name);
      const column = quoted(options.tenantColumn);
      const condition = `${column} = NULLIF(current_setting('app.tenant_id', true), '')`;
      const missing = [
        ...(table.isRowSecurityEnabled ? [] : [`ALTER TABLE ${on} ENABLE ROW LEVEL SECURITY`]),
        ...(table.isRowSecurityForced ? [] : [`ALTER TABLE ${on} FORCE ROW LEVEL SECURITY`]),
        ...(table.policies.size > 0
          ? []
          : [`CREATE POLICY tenant ON ${on} USING (${condition}) WITH CHECK (${condition})`]),
      ];
      const { statement } = table.made;
      if (missing.length === 0 || !statement) continue;
      yield {
        statement,
        message: `when this file has committed, ${on} is open: the application reads and writes the rows of other tenants until a later file protects it.`,
        fix: statements(...missing),
      };
    }
  },
};

/** G3: a policy that puts its index out of use, or lets a setting switch it off. */
export const policyCondition: LintRule = {
  name: 'policy-condition',
  group: 'tenants',
  severity: 'error',
  finds: 'a policy that casts or computes the tenant column, or has another way in by `OR`',
  why: 'G3: the index of the column is out of use then (227 ms against 0.7 ms on a million rows), and `bypass = on OR …` is read for every row besides.',
  safe: "`tenant_id = NULLIF(current_setting('app.tenant_id', true), '')`, and a role of its own for those who see all",
  steps: {
    *CreatePolicyStmt(place) {
      yield* judge(place);
    },
    *AlterPolicyStmt(place) {
      yield* judge(place);
    },
  },
};

function* judge({ tree, options, step }: Place) {
  if (options.strategy !== 'rows' || !step.relation) return;
  const conditions = [namedAt(tree, 'qual'), namedAt(tree, 'with_check')].filter(({ kind }) => kind !== '');
  const column = quoted(options.tenantColumn);
  const fix = `-- cast the setting, not the column, and give those who see everything a role and a policy of their own:\nALTER POLICY ${quoted(text(tree, 'policy_name') ?? '')} ON ${sqlName(step.relation)} USING (${column} = NULLIF(current_setting('app.tenant_id', true), ''));`;
  if (conditions.some((condition) => computes(condition, options.tenantColumn)))
    yield {
      message: `the policy casts or computes ${column} before it compares, so no query uses the index of it.`,
      fix,
    };
  else if (conditions.some((condition) => opens(condition, options.tenantColumn)))
    yield {
      message: `the policy has another way in beside ${column}: no query uses the index of it, and whoever sets what the other way asks for sees every row.`,
      fix,
    };
}

/** True where the tenant column stands in a cast or a call. */
function computes(condition: NamedNode, column: string): boolean {
  return [...nodesOf({ [condition.kind]: condition.tree })].some(
    ({ kind, tree }) =>
      (kind === 'TypeCast' && columnOf(namedAt(tree, 'arg')) === column) ||
      (kind === 'FuncCall' && [...nodesOf(tree['args'])].some((found) => columnOf(found) === column)),
  );
}

/** True for an OR of which one part asks for the tenant and another one does not. */
function opens(condition: NamedNode, column: string): boolean {
  return [...nodesOf({ [condition.kind]: condition.tree })].some(({ kind, tree }) => {
    if (kind !== 'BoolExpr' || text(tree, 'boolop') !== 'OR_EXPR') return false;
    const parts = (tree['args'] as readonly unknown[]).map((part) =>
      [...nodesOf(part)].some((found) => columnOf(found) === column),
    );
    return parts.includes(true) && parts.includes(false);
  });
}

/** A policy whose condition asks for nothing. */
export const openPolicy: LintRule = {
  name: 'open-policy',
  group: 'tenants',
  severity: 'error',
  finds:
    'a policy on a tenant table that is always true (`USING (true)`, `1 = 1`, `tenant_id IS NOT NULL`) for everybody, or for a role that another policy limits to its tenant',
  why: 'Permissive policies are joined by OR: beside one that is always true no other limits anything.',
  safe: "`tenant_id = NULLIF(current_setting('app.tenant_id', true), '')`, and a role of its own for those who see all",
  steps: {
    *CreatePolicyStmt(place) {
      // A restrictive one that is always true takes nothing away from the others.
      if (place.tree['permissive'] === true) yield* opened(place);
    },
    *AlterPolicyStmt(place) {
      yield* opened(place);
    },
  },
};

function* opened({ tree, table, options, schema, isLive }: Place) {
  const severity = severityOfOpening(table, options);
  // O30: the first step of a table that was open before.
  const isFirstStep = options.policies === 'in-files' && table.isKnown && isLive(table) && !table.isRowSecurityEnabled;
  if (!severity || isFirstStep) return;
  const [read, written] = [namedAt(tree, 'qual'), namedAt(tree, 'with_check')].map(
    (condition) => isAlwaysTrue(condition, options.tenantColumn) && !opens(condition, options.tenantColumn),
  );
  const { roles } = readPolicy(tree, table);
  const limited = [...schema.tables.values()].flatMap(({ policies }) =>
    [...policies.values()].flatMap((policy) => (policy.columns.includes(options.tenantColumn) ? policy.roles : [])),
  );
  if (!(read || written) || (roles.length > 0 && !roles.some((role) => limited.includes(role)))) return;
  const [on, policy] = [sqlName(table.name), quoted(policyName(tree))];
  const condition = `${quoted(options.tenantColumn)} = NULLIF(current_setting('app.tenant_id', true), '')`;
  yield {
    severity,
    message: `the policy is true for every row of ${on}, whatever other policies say: a tenant ${[read && 'reads', written && 'writes'].filter(Boolean).join(' and ')} the rows of every other one.`,
    fix: `-- a condition that asks for the tenant; who sees every row gets a role and a policy of its own, by TO:\n${statements(`ALTER POLICY ${policy} ON ${on}${read ? ` USING (${condition})` : ''}${written ? ` WITH CHECK (${condition})` : ''}`)}`,
  };
}

/** True for a condition that holds for every row of a tenant table. */
function isAlwaysTrue({ kind, tree }: NamedNode, column: string): boolean {
  const [left, right] = [namedAt(tree, 'lexpr'), namedAt(tree, 'rexpr')];
  switch (kind) {
    case 'A_Const':
      return node(tree, 'boolval')['boolval'] === true;
    case 'TypeCast':
      return /^(?:t|true|y|yes|on|1)$/.test(constantOf(namedAt(tree, 'arg')) ?? '');
    case 'NullTest':
      return text(tree, 'nulltesttype') === 'IS_NOT_NULL' && columnOf(namedAt(tree, 'arg')) === column;
    case 'A_Expr':
      return (
        nodes(tree, 'name')[0]?.tree['sval'] === '=' &&
        [constantOf, columnOf].some((of) => of(left) !== undefined && of(left) === of(right))
      );
    case 'BoolExpr': {
      const parts = nodes(tree, 'args').map((part) => isAlwaysTrue(part, column));
      return text(tree, 'boolop') === 'AND_EXPR'
        ? parts.every(Boolean)
        : text(tree, 'boolop') === 'OR_EXPR' && parts.some(Boolean);
    }
    default:
      return false;
  }
}

/** O30: policies that are switched on before there are any. */
export const enablingBeforePolicy: LintRule = {
  name: 'enabling-before-policy',
  group: 'tenants',
  severity: 'error',
  finds:
    "`ENABLE ROW LEVEL SECURITY` on a table that is in use and has no policy when the transaction ends, with `policies: 'in-files'`",
  why: 'O30: without a policy nobody sees any row: running sessions read nothing at once.',
  safe: 'the policy first: `USING (true)`, then observe, then the condition',
  *end({ file, schema, options }) {
    if (options.policies !== 'in-files') return;
    for (const step of file.steps) {
      if (step.kind !== 'AT_EnableRowSecurity' || !step.relation) continue;
      const table = schema.table(step.relation);
      if (table.made.file === file.number || table.policies.size > 0 || !table.isKnown) continue;
      const on = sqlName(table.name);
      yield {
        statement: step.statement,
        message: `${on} has no policy, so from the commit on the running sessions see no row of it.`,
        fix: statements(
          `CREATE POLICY tenant ON ${on} USING (true)`,
          step.statement.text,
          '-- then, in steps, the condition itself: `tenancy adopt`',
        ),
      };
    }
  },
};

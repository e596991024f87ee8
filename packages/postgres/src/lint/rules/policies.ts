import { computes, opens } from '../limits/column-use.js';
import { statements } from '../rule/fix.js';
import type { LintRule, Place } from '../rule/rule.js';
import { isTenantTable } from '../rule/tables.js';
import { quoted, sqlName } from '../sql/names.js';
import { namedAt, text } from '../sql/nodes.js';

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
  why: 'G3: the index of the column is out of use then, so that every row is read, and `bypass = on OR …` is read for every row besides.',
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

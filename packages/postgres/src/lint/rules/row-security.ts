import { statements } from '../rule/fix.js';
import { isDropOfTable, isMadeGood, laterSteps } from '../rule/later-steps.js';
import type { LintRule, Place } from '../rule/rule.js';
import { settingsOf } from '../rule/settings.js';
import { severityOfOpening } from '../rule/tables.js';
import { policyName } from '../schema/read-policy.js';
import { droppedNames, isSame } from '../schema/step.js';
import type { Table } from '../schema/table.js';
import { takenAlong } from '../schema/taken-along.js';
import { isDump } from '../sql/dump.js';
import { quoted, sqlList, sqlName } from '../sql/names.js';
import { nodes, text } from '../sql/nodes.js';

/** Row-level security that is switched off. */
export const rowSecurityOff: LintRule = {
  name: 'row-security-off',
  group: 'tenants',
  severity: 'error',
  finds:
    '`DISABLE ROW LEVEL SECURITY` and `NO FORCE ROW LEVEL SECURITY` on a tenant table, unless the same transaction switches it on again, and `row_security = off`, also by `set_config`',
  why: 'Without it no policy is asked: whoever may read the table reads the rows of every tenant. Not forced, its owner does.',
  safe: 'leave it on; a role of its own for who sees all',
  steps: {
    *AT_DisableRowSecurity(place) {
      yield* off(place, 'ENABLE', 'AT_EnableRowSecurity', 'no policy is asked any more: every query reads and writes');
    },
    *AT_NoForceRowSecurity(place) {
      yield* off(
        place,
        'FORCE',
        'AT_ForceRowSecurity',
        'its policies do not hold its owner: what connects as that role reads and writes',
      );
    },
  },
  *end({ file, options }) {
    for (const { name, value, isReset, statement, at } of settingsOf(file)) {
      if (options.strategy !== 'rows' || name !== 'row_security' || isReset || /^(?:on|true|yes|1)$/.test(value ?? ''))
        continue;
      // A dump that is brought back must not be halved by policies.
      if (statement.kind === 'VariableSetStmt' && isDump(file.sql)) continue;
      yield {
        statement,
        at,
        severity: 'warning',
        message:
          'a role that passes the policies reads and writes the rows of every tenant and is not stopped; the queries of every other role fail, also those of later files on this connection.',
        fix: '-- leave it out; what needs the rows of every tenant runs as a role of its own',
      };
    }
  },
};

function* off(place: Place, word: string, kind: string, what: string) {
  const { table, options, step } = place;
  const severity = step.objectType === 'OBJECT_TABLE' ? severityOfOpening(table, options) : undefined;
  if (!severity || isMadeGood(place, kind) || [...laterSteps(place)].some(isDropOfTable)) return;
  const on = sqlName(table.name);
  yield {
    severity,
    message: `of ${on} ${what} the rows of every tenant.`,
    fix: `-- leave it on, and give who has to see every tenant's rows a role of its own; or, in the same file:\n${statements(`ALTER TABLE ${on} ${word} ROW LEVEL SECURITY`)}`,
  };
}

/** A policy that goes, with none in its place. */
export const droppingPolicy: LintRule = {
  name: 'dropping-policy',
  group: 'tenants',
  severity: 'error',
  finds:
    '`DROP POLICY` on a tenant table that gets no new one in the same transaction, also by `DROP FUNCTION … CASCADE` of one that the policy calls, and `DROP OWNED`',
  why: 'Without its last policy nobody sees a row of a table; without a restrictive one the others let more through than before.',
  safe: '`ALTER POLICY`, or the new policy in the same file',
  steps: {
    *DropStmt(place) {
      const { schema, step, tree, table } = place;
      if (step.objectType === 'OBJECT_POLICY') {
        const names = droppedNames(tree).map(({ name }) => name);
        yield* lost(place, table, names);
      }
      const along = takenAlong(schema, step).policies;
      for (const other of new Set(along.map((one) => one.table)))
        yield* lost(
          place,
          other,
          along.flatMap((one) => (one.table === other ? [one.policy] : [])),
        );
    },
    *DropOwnedStmt({ tree, options }) {
      if (options.strategy !== 'rows') return;
      const roles = nodes(tree, 'roles').map(({ tree: role }) => quoted(text(role, 'rolename') ?? 'CURRENT_USER'));
      yield {
        message: `what ${roles.join(', ')} owns goes, tables with the rows of every tenant included, and so does each policy that is for no other role.`,
        fix: '-- drop by name what is meant; rights alone are taken back with REVOKE, and REASSIGN OWNED keeps what the role owns',
      };
    },
  },
};

function* lost(place: Place, table: Table, policies: readonly string[]) {
  const { options } = place;
  const severity = severityOfOpening(table, options);
  if (!severity || [...laterSteps(place, table.name)].some(isDropOfTable)) return;
  if (policiesMade(place, table, policies).size > 0) return;
  const [on, column] = [sqlName(table.name), quoted(options.tenantColumn)];
  const condition = `${column} = NULLIF(current_setting('app.tenant_id', true), '')`;
  yield {
    // The runner compiles the policies of the table anew.
    ...((severity === 'warning' || options.policies === 'compiled') && { severity: 'warning' as const }),
    message: `${on} loses the policy ${sqlList(policies)}: was it the last one, no tenant sees a row from the commit on; was it restrictive, the policies that are left show the rows of other tenants.`,
    fix: statements(`CREATE POLICY tenant ON ${on} USING (${condition}) WITH CHECK (${condition})`),
  };
}

/** The policies of the table that this transaction makes and leaves, without those that go with the step. */
function policiesMade({ step, file }: Place, table: Table, gone: readonly string[]): ReadonlySet<string> {
  const made = new Set<string>();
  for (const other of file.steps) {
    if (other === step) for (const name of gone) made.delete(name);
    const { kind, tree, relation, moment } = other;
    if (!relation || !isSame(relation, table.name) || moment.transaction !== step.moment.transaction) continue;
    if (kind === 'CreatePolicyStmt') made.add(policyName(tree));
    else if (kind === 'DropStmt') for (const { name } of droppedNames(tree)) made.delete(name);
  }
  return made;
}

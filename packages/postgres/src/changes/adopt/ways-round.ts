import type { ClientConfig } from 'pg';
import type { DoctorOptions, Finding, Rule } from '../../doctor/diagnosis/rule.js';
import { examine } from '../../doctor/examine.js';
import { reading } from '../../doctor/reading.js';
import { cascadeTriggers } from '../../doctor/rules/cascade-triggers.js';
import { foreignKeys } from '../../doctor/rules/foreign-keys.js';
import { presetTenant } from '../../doctor/rules/preset-tenant.js';
import { privilegedRole } from '../../doctor/rules/privileged-role.js';
import { roleSettings } from '../../doctor/rules/role-settings.js';
import { securityDefiner } from '../../doctor/rules/security-definer.js';
import { sharedDescendants } from '../../doctor/rules/shared-descendants.js';
import { sharedWrites } from '../../doctor/rules/shared-writes.js';
import { tableOwner } from '../../doctor/rules/table-owner.js';
import { tablePolicies } from '../../doctor/rules/table-policies.js';
import { views } from '../../doctor/rules/views.js';
import { startRules } from '../../doctor/rules.js';
import type { CompilePoliciesOptions } from '../../policies/policy-options.js';
import { quoteIdentifier } from '../../policies/quoting.js';
import { resolvePolicyOptions } from '../../policies/resolve-policy-options.js';
import { readJson } from '../../protocol/read-json.js';
import { impossible } from './refusals.js';

/** Rules about what policies do not hold, and the last stage does not put right by itself. */
const LEFT: readonly Rule[] = [
  ...[privilegedRole, tableOwner, roleSettings, presetTenant, tablePolicies, sharedDescendants, cascadeTriggers, views],
  ...[sharedWrites, foreignKeys, securityDefiner],
];

/** Rules whose findings about tables, views and hidden tables of the options the last stage puts right. */
const MENDED: ReadonlySet<string> = new Set([tablePolicies.name, views.name, sharedDescendants.name]);

/** Functions of the triggers that fill the columns, which have to see the rows of all. */
const OWN = /\.tenancy_change_[0-9a-f]{12}\(\)$/;

/**
 * Looks, as the role of the application, for ways round the policies: those that stay when all of them are enforced, or once `isEnforced` those that
 * a pool would refuse to start with.
 *
 * @returns null where the connection may not become that role, which a superuser alone may
 */
export function waysRound(
  connection: string | ClientConfig,
  policies: CompilePoliciesOptions,
  isEnforced: boolean,
): Promise<readonly Finding[] | null> {
  const { role } = policies;
  const { schemas, held, options } = namesOf(policies);
  return reading(connection, async (client) => {
    const [who] = await readJson<{ may: boolean }>(
      client,
      `select rolsuper and exists (select from pg_roles where rolname = $1) as may from pg_roles where rolname = session_user`,
      [role],
    );
    if (!who?.may) return null;
    await client.query(`set session authorization ${quoteIdentifier(role)}`);
    const rules = isEnforced ? [...new Set([...startRules, ...LEFT])] : LEFT;
    const found = await examine(client, { ...options, schemas }, rules);
    return found.filter(
      ({ rule, subject }) => !OWN.test(subject) && (isEnforced || !(MENDED.has(rule) && held.has(subject))),
    );
  });
}

/** @throws `change_impossible` where tenants would reach each other's rows although the policies hold. */
export function requireNoWaysRound(found: readonly Finding[] | null): void {
  const errors = (found ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const lines = errors.map(({ rule, subject, message, fix }) => `- ${rule}: ${subject}: ${message}\n  Fix: ${fix}`);
  throw impossible(
    `the policies would hold the tables, and this leads round them:\n${lines.join('\n')}\nNothing is enforced yet`,
    'Put that right, and run again.',
  );
}

function namesOf(policies: CompilePoliciesOptions) {
  const { setting, tables, shared, views: named, hidden } = resolvePolicyOptions(policies);
  const nameOf = ({ schema, name }: { readonly schema: string; readonly name: string }) => `${schema}.${name}`;
  const options: Omit<DoctorOptions, 'schemas'> = {
    setting,
    shared: shared.map(nameOf),
    writable: shared.filter(({ writable }) => writable).map(nameOf),
    hidden: hidden.map(nameOf),
    tenantColumn: tables[0]?.tenantColumn ?? 'tenant_id',
  };
  return {
    schemas: [...new Set([...tables, ...shared, ...named].map(({ schema }) => schema))],
    held: new Set([...tables, ...named, ...hidden].map(nameOf)),
    options,
  };
}

import type { ClientBase } from 'pg';
import type { CompilePoliciesOptions } from '../../policies/policy-options.js';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { type ResolvedTable, resolvePolicyOptions } from '../../policies/resolve-policy-options.js';
import { stagedAccess, stagedRoles, stagedTable } from '../../policies/staged-statements.js';
import { tablePolicies } from '../../policies/table-policies.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from './change-error.js';
import { isSame } from './key-catalog.js';
import type { Step, TableName } from './step.js';
import { readTable } from './table-catalog.js';

interface AnyPolicies {
  readonly table: TableName;
  /** As `compilePolicies` takes them. */
  readonly policies: CompilePoliciesOptions;
}

/** The roles of the policies, and their rights. */
export interface AdoptRoles extends AnyPolicies {
  readonly kind: 'adopt roles';
}

/** Policies of a table that let everything through. */
export interface OpenPolicies extends AnyPolicies {
  readonly kind: 'open policies';
}

/** The same policies with the condition by which they hold. */
export interface EnforcePolicies extends AnyPolicies {
  readonly kind: 'enforce policies';
}

/** The rights on everything else. */
export interface AdoptAccess extends AnyPolicies {
  readonly kind: 'adopt access';
}

export type AdoptPolicies = AdoptRoles | OpenPolicies | EnforcePolicies | AdoptAccess;

export async function adoptPoliciesSteps(client: ClientBase, change: AdoptPolicies): Promise<Step[]> {
  const { kind, table, policies } = change;
  const options = resolvePolicyOptions(policies);
  const step = (name: string, sql: readonly string[], undo: readonly string[] = [], isExclusive = true): Step => ({
    ...{ kind: 'statement', name, table, sql, isExclusive, undo },
  });
  if (kind === 'adopt roles') return [step('roles', stagedRoles(options), [], false)];
  if (kind === 'adopt access') return [step('rights', stagedAccess(options))];
  const own = options.tables.find((one) => isSame(one, table));
  if (!own) throw new Error(`${quoteQualified(table)} is not among the tables of its own policies`);
  const target = quoteQualified(table);
  const { open, enable, enforce } = stagedTable(own, options);
  if (kind === 'open policies') {
    await requireNone(client, table);
    const drop = ({ name }: { readonly name: string }) => `DROP POLICY IF EXISTS ${name} ON ${target}`;
    return [step('open', open, tablePolicies(own, options).map(drop))];
  }
  const off = [`ALTER TABLE ${target} NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE ${target} DISABLE ROW LEVEL SECURITY`];
  // O30: without a policy there would be no rows, so the policies are there first, and let all of them through.
  return [
    step('row-level security', enable, off),
    step('enforce', enforce),
    ...(await defaultStep(client, own, options.setting, step)),
  ];
}

/** Rows of code that binds the tenant have it without a trigger too. */
async function defaultStep(
  client: ClientBase,
  own: ResolvedTable,
  setting: string,
  step: (name: string, sql: readonly string[], undo: readonly string[]) => Step,
): Promise<Step[]> {
  const { columns } = await readTable(client, own);
  const column = columns.find(({ name }) => name === own.tenantColumn);
  // In a dry run it is not there yet.
  if (column && (column.default !== null || column.isGenerated)) return [];
  const alter = `ALTER TABLE ${quoteQualified(own)} ALTER COLUMN ${quoteIdentifier(own.tenantColumn)}`;
  const value = `NULLIF(current_setting(${quoteLiteral(setting)}, true), '')::${own.type}`;
  return [step('default', [`${alter} SET DEFAULT ${value}`], [`${alter} DROP DEFAULT`])];
}

async function requireNone(client: ClientBase, table: TableName): Promise<void> {
  const [found] = await readJson<{ isOn: boolean; policies: readonly string[] }>(
    client,
    `select c.relrowsecurity as "isOn", coalesce((select json_agg(p.polname order by p.polname) from pg_policy p where p.polrelid = c.oid), '[]') as policies
      from pg_class c where c.oid = $1::regclass`,
    [quoteQualified(table)],
  );
  if (!found || (!found.isOn && found.policies.length === 0)) return;
  throw new ChangeError(
    'change_impossible',
    `${quoteQualified(table)} has ${found.policies.length > 0 ? `policies (${found.policies.join(', ')})` : 'row-level security'} already, which adopt did not make. ` +
      'Nothing of this table was done in this stage. Drop them, or leave policies to `compilePolicies`.',
  );
}

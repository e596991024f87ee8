import { TENANT_COLUMN_TYPES, type TenantColumnType } from '../../policies/policy-body.js';
import { quoteLiteral } from '../../policies/quoting.js';
import { narrowsToTenant } from './tenant-condition.js';
import { type PolicyFunction, tenantReadings } from './tenant-functions.js';

/** A policy that applies to the application, as the catalogs hold it. */
export interface CatalogPolicy {
  readonly name: string;
  readonly identifier: string;
  readonly permissive: boolean;
  /** The roles that it names, as SQL; `public` is every role. */
  readonly roles: readonly string[];
  /** The roles that the application can act as, that can reach the table, and that the policy applies to. */
  readonly appliesTo: readonly string[];
  /** `*` all, `r` select, `a` insert, `w` update, `d` delete. */
  readonly command: string;
  readonly using: string | null;
  readonly check: string | null;
  /** The columns of the table that it reads. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly deterministic: boolean }[];
  /** True when it uses a function, an operator or a table beside its own and those that come with PostgreSQL. */
  readonly foreign: boolean;
  readonly volatile: boolean;
  /** Those of somebody's own that it calls, and that the application cannot change. They count as no `foreign` ones. */
  readonly functions: readonly PolicyFunction[];
}

/** True when the policy lets through, of the rows that are there or of those that are written, none but those whose column is the tenant's. */
export function holdsBy(policy: CatalogPolicy, side: 'using' | 'check', column: string, setting: string): boolean {
  const key = policy.columns.find(({ name }) => name === column);
  // A function of somebody's own may print like PostgreSQL's, depending on the search path; its dependency shows it.
  const readings = tenantReadings(policy.functions, setting);
  if (policy.foreign || !readings || !key?.deterministic || !isTenantType(key.type)) return false;
  // Without WITH CHECK, the condition of USING is checked on new rows too.
  const condition = side === 'using' ? policy.using : (policy.check ?? policy.using);
  return narrowsToTenant(condition, column, key.type, setting, readings);
}

/** The column by which the policy holds the tenant in every command that it is for; else null. */
export function tenantKey(policy: CatalogPolicy, setting: string): string | null {
  const held = policy.columns.find(
    ({ name }) =>
      (policy.command === 'a' || holdsBy(policy, 'using', name, setting)) &&
      (policy.command === 'r' || policy.command === 'd' || holdsBy(policy, 'check', name, setting)),
  );
  return held?.name ?? null;
}

/** The fault of a policy that does not hold the tenant. Never its text: that may contain a tenant's id. */
export function policyFault(policy: CatalogPolicy, setting: string): string {
  if (tenantKey(policy, setting) !== null)
    return 'holds the tenant by another column, so either of them lets a row through';
  const { using, check, columns, foreign, volatile, functions } = policy;
  const text = [using, check].filter((condition) => condition !== null).join(' ');
  const code = text.replace(/'(?:[^']|'')*'/g, "''");
  if (using === 'true' || check === 'true') return 'lets every row through';
  if (volatile) return `calls a VOLATILE function, for every row and with no index (G3); ${functionFor(setting)}`;
  if (/\bOR\b/.test(code)) return 'has an OR, so the tenant is one of several ways in, and no index serves it (G3)';
  if (!/\bcurrent_setting\(/.test(code)) {
    return foreign || functions.length > 0
      ? `calls a function or reads a table, which this rule does not see into; ${functionFor(setting)}`
      : 'does not ask for the setting';
  }
  if (!text.toLowerCase().includes(`current_setting('${setting.toLowerCase().replaceAll("'", "''")}'::text`)) {
    return `asks for another setting than "${setting}"`;
  }
  if (!/\bNULLIF\(/.test(code)) return 'does not turn an empty setting into NULL, which NULLIF does (G2)';
  if (columns.some(({ name, type }) => type !== 'varchar' && isCast(code, name))) {
    return 'casts the column instead of the setting, which puts its index out of use (G3)';
  }
  if (columns.some(({ deterministic }) => !deterministic)) {
    return 'compares a column whose collation takes different texts for equal, and so two tenants for one';
  }
  return 'is not the condition that is known to be safe';
}

/** The function that a policy of one's own may call. */
function functionFor(setting: string): string {
  return (
    'a function that asks for the tenant is taken when neither its owner nor that of its schema is the application, and it reads ' +
    `\`() returns text language sql stable begin atomic select nullif(current_setting(${quoteLiteral(setting)}, true), ''); end\``
  );
}

function isCast(code: string, name: string): boolean {
  return [name, `"${name.replaceAll('"', '""')}"`].some((column) => code.includes(`(${column})::`));
}

/** True when PostgreSQL's name of a type is one that the tenant condition is written for. */
export function isTenantType(type: string): type is TenantColumnType {
  return (TENANT_COLUMN_TYPES as readonly string[]).includes(type);
}

import { isCustomSetting } from '../errors/custom-setting.js';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseSlip, refuseUnknown } from '../errors/refuse-unknown.js';
import { said } from '../errors/require-arguments.js';
import { TENANT_COLUMN_TYPES, type TenantColumnType } from './policy-body.js';
import type { CompilePoliciesOptions } from './policy-options.js';
import { quoteIdentifier, quoteQualified } from './quoting.js';

const KNOWN = ['role', 'adminRole', 'setting', 'tables', 'shared', 'views', 'hidden', 'database'];

export interface Relation {
  readonly schema: string;
  readonly name: string;
}

export interface ResolvedTable extends Relation {
  readonly tenantColumn: string;
  readonly type: TenantColumnType;
}

export interface ResolvedPolicyOptions {
  readonly role: string;
  readonly adminRole: string | null;
  readonly setting: string;
  readonly tables: readonly ResolvedTable[];
  readonly shared: readonly (Relation & { readonly writable: boolean })[];
  readonly views: readonly Relation[];
  readonly hidden: readonly Relation[];
  readonly database: string | null;
}

/**
 * The options without optionals, sorted by schema and name.
 *
 * @throws `floor_misconfigured` when they cannot hold the tenants apart.
 */
export function resolvePolicyOptions(options: CompilePoliciesOptions): ResolvedPolicyOptions {
  refuseUnknown('compilePolicies', options, KNOWN);
  for (const list of ['tables', 'shared', 'views', 'hidden'] as const) {
    const given: readonly unknown[] | undefined = options?.[list];
    if (!Array.isArray(given) && (list === 'tables' || given !== undefined)) {
      throw misconfigured(`${list} is not a list. Pass what readTables returns, or a list of { name }.`);
    }
    if (given?.some((entry) => typeof entry !== 'object' || entry === null)) {
      throw misconfigured(
        `${list} has an entry that is no object. Pass what readTables returns, or a list of { name }.`,
      );
    }
  }
  const { role, adminRole = null, setting = 'app.tenant_id', database = null } = options;
  const { tables, shared = [], views = [], hidden = [] } = options;
  refuseSlipsIn('compilePolicies', { tables, shared, views, hidden });
  requireRole('role', role);
  if (adminRole !== null) requireRole('adminRole', adminRole);
  if (role === adminRole) {
    throw misconfigured(
      `role and adminRole are both "${role}", so the application would see every tenant's rows. ` +
        'Name two roles, or leave adminRole out.',
    );
  }
  if (!isCustomSetting(setting)) {
    throw misconfigured(
      `setting is ${said(setting)}, which is not the name of a custom setting. ` +
        "Use lower-case words joined by a dot, such as 'app.tenant_id'.",
    );
  }
  if (database !== null) quoteIdentifier(database);
  const resolved = {
    role,
    adminRole,
    setting,
    database,
    tables: sorted(options.tables.map(resolveTable)),
    shared: sorted((options.shared ?? []).map((table) => ({ writable: false, ...inPublic(table) }))),
    views: sorted((options.views ?? []).map(inPublic)),
    hidden: sorted((options.hidden ?? []).map(inPublic)),
  };
  if (resolved.tables.length === 0) {
    throw misconfigured("tables is empty, so nothing would be protected. Name the tables that hold tenants' rows.");
  }
  requireNamedOnce(resolved);
  return resolved;
}

/**
 * The entries of tables may have fields of the application's own.
 *
 * @throws `floor_misconfigured` for one that is misspelt.
 */
export function refuseSlipsIn(place: string, lists: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [list, entries] of Object.entries(lists)) {
    const fields = ['schema', 'name', ...(FIELDS[list] ?? [])];
    for (const entry of entries) {
      if (typeof entry === 'object') refuseSlip(`${place}: ${list}`, entry, fields);
    }
  }
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  tables: ['tenantColumn', 'type', 'nullable'],
  shared: ['writable'],
};

function resolveTable({
  tenantColumn = 'tenant_id',
  type = 'text',
  ...table
}: CompilePoliciesOptions['tables'][number]) {
  const resolved = { ...inPublic(table), tenantColumn, type };
  quoteIdentifier(tenantColumn);
  if (!TENANT_COLUMN_TYPES.includes(type)) {
    throw misconfigured(
      `the tenant column of ${describeRelation(resolved)} has the type ${JSON.stringify(type)}, which can be compared ` +
        'with the setting only by a cast on the column, which defeats its index (G3), or by rules under which two ids ' +
        `can be equal. Change the column to one of ${TENANT_COLUMN_TYPES.join(', ')}.`,
    );
  }
  return resolved;
}

function inPublic<R extends { readonly schema?: string; readonly name: string }>(relation: R): R & Relation {
  const resolved = { ...relation, schema: relation.schema ?? 'public' };
  quoteQualified(resolved);
  return resolved;
}

function requireRole(option: string, name: string): void {
  quoteIdentifier(name);
  // Even in quotes, PostgreSQL takes "public" for everybody and refuses "none".
  if (/^(public|none|postgres|pg_.*)$/is.test(name)) {
    throw misconfigured(
      `${option} is "${name}", which is everybody, a superuser, or reserved by PostgreSQL; ` +
        'policies would hold nobody or fail. Name a role of its own, such as "app".',
    );
  }
}

function requireNamedOnce({ tables, shared, views, hidden }: ResolvedPolicyOptions): void {
  const seen = new Map<string, string>();
  for (const [list, relations] of Object.entries({ tables, shared, views, hidden })) {
    for (const relation of relations) {
      const earlier = seen.get(quoteQualified(relation));
      if (earlier === list) throw misconfigured(`${describeRelation(relation)} is named twice in ${list}. Remove one.`);
      if (earlier) {
        throw misconfigured(
          `${describeRelation(relation)} is named in both ${earlier} and ${list}: it would be protected by one and ` +
            'opened by the other. Keep the one that is true.',
        );
      }
      seen.set(quoteQualified(relation), list);
    }
  }
}

/** By code unit: the same order on every machine. */
function sorted<R extends Relation>(relations: readonly R[]): R[] {
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...relations].sort((a, b) => order(a.schema, b.schema) || order(a.name, b.name));
}

/** For a message: `public.job`, with quotes only around what would otherwise mislead. */
export function describeRelation({ schema, name }: Relation): string {
  return [schema, name].map((part) => (/^\w+$/.test(part) ? part : JSON.stringify(part))).join('.');
}

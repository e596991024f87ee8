import { isMigrationRecord } from '../../policies/migration-records.js';
import { dropAsideStatement, SET_ASIDE, setAsideStatement } from '../../policies/other-roles.js';
import type { ResolvedTable } from '../../policies/resolve-policy-options.js';
import { tenantTableStatements } from '../../policies/tenant-table-statements.js';
import { CONNECT_AS } from './connected-role.js';
import { revocations } from './granted-privileges.js';
import { type CatalogPolicy, isTenantType } from './policy-fault.js';
import { floorForEverybody, losesRestrictivePolicies } from './policy-floor.js';
import type { ReachableTable } from './reachable-table.js';
import type { DoctorOptions } from './rule.js';

/** The fix that holds the table to one tenant: SQL that anybody may run, else the step that comes before it. */
export function policyRepair(
  table: ReachableTable,
  unheld: ReadonlyMap<string, readonly CatalogPolicy[]>,
  { setting, tenantColumn }: DoctorOptions,
): string {
  const { identifier, type } = table;
  if (table.foreign) return `${revoked(table)} -- or, when every tenant may see all of its rows, list it in \`shared\``;
  if ((table.policies.length > 0 || table.others) && unheld.size === 0) {
    return `alter table ${identifier} enable row level security, force row level security`;
  }
  if (type === null && table.alike.length > 0) {
    const [first] = table.alike;
    return (
      `the tenant column is called ${table.alike.map((name) => JSON.stringify(name)).join(' or ')} here: pass ` +
      `\`tenantColumn: ${JSON.stringify(first)}\` to rowLevelSecurity and to readTables, and run the SQL of compilePolicies`
    );
  }
  if (type === null && isMigrationRecord(table.name)) {
    return `${revoked(table)} -- a record of migrations: list it in \`hidden\` of readTables and of rowLevelSecurity`;
  }
  if (type === null && table.inherited) {
    return (
      `add a column ${tenantColumn} with the tenant of each row, which the tables that inherit from it have, and run the SQL of ` +
      'compilePolicies; or, when the application must not see it, list it in `hidden`'
    );
  }
  if (type === null) {
    return (
      `add a column ${tenantColumn} with the tenant of each row, and run the SQL of compilePolicies; or, when every tenant may ` +
      'see all of its rows, list it in `shared`; or, when the application must not see it, in `hidden`'
    );
  }
  if (!isTenantType(type)) {
    return (
      `make the column ${tenantColumn} text or uuid (it is ${type}, for which there is no condition that keeps its index in ` +
      'use), and run the SQL of compilePolicies'
    );
  }
  if (!isApplication(table, unheld)) {
    return `${CONNECT_AS}; its SQL, with the table in \`tables\`, is what holds the table`;
  }
  const column = { schema: table.schema, name: table.name, tenantColumn, type };
  return [
    `${compileCall(table, column, setting)}\n${compiled(table, column, setting).join(';\n')}`,
    ...beside(table, unheld, column, setting),
  ].join(';\n');
}

/**
 * True when policies may be compiled for the role that is connected. One that administers, or that has policies of its own
 * beside those for others, is not the one that the others were made for: to hold it would blind an administrator.
 */
function isApplication(table: ReachableTable, unheld: ReadonlyMap<string, readonly CatalogPolicy[]>): boolean {
  if (table.administrative || table.admin === table.application) return false;
  const names = ({ roles }: CatalogPolicy) => roles.includes(table.application_identifier);
  const compiled = table.policies.some(
    (policy) => /^tenancy_(isolation|access)(_[0-9a-f]{12})?$/.test(policy.name) && names(policy),
  );
  return compiled || !table.others || (unheld.size > 0 && ![...unheld.values()].flat().some(names));
}

/** The SQL for what the compiled policies, which are for the connected role, do not hold. */
function beside(
  table: ReachableTable,
  unheld: ReadonlyMap<string, readonly CatalogPolicy[]>,
  column: ResolvedTable,
  setting: string,
): string[] {
  const policies = [...new Set([...unheld.values()].flat())];
  // Named in a policy of its own, a role is meant to see more than a tenant, which the application is not.
  // One that a policy for everybody opens the table to is there for others, who go on reading; the application leaves it.
  const named = table.reached.filter(
    ({ role, identifier, leave }) =>
      role !== table.application &&
      (policies.some(({ roles }) => roles.includes(identifier)) || (leave !== null && unheld.has(role))),
  );
  const left = named.flatMap(({ leave }) => leave ?? []);
  const open = policies.filter(({ roles }) => roles.includes('public'));
  const isReached = [...unheld.keys()].some(
    (role) => role !== table.application && !named.some((one) => one.role === role),
  );
  const [first] = open;
  // Others read by a policy for everybody, so it is left alone where leaving them is enough; what an old server loses is another rule's.
  if (!first || !(isReached || (left.length === 0 && losesRestrictivePolicies(table.version)))) return left;
  const floor = floorForEverybody(table, first.identifier, { name: column.tenantColumn, type: column.type }, setting);
  if (floor.startsWith('create')) return [...left, floor];
  return [...left, ...open.map(({ identifier }) => floorForEverybody(table, identifier, undefined, setting))];
}

/** A comment above the SQL: what to call to get it, so that it is kept with the other tables'. */
function compileCall(
  { application, admin }: ReachableTable,
  { schema, name, tenantColumn, type }: ResolvedTable,
  setting: string,
): string {
  const table = {
    ...(schema === 'public' ? {} : { schema }),
    name,
    ...(tenantColumn === 'tenant_id' ? {} : { tenantColumn }),
    ...(type === 'text' ? {} : { type }),
  };
  const call = {
    role: application,
    ...(admin === null ? {} : { adminRole: admin }),
    ...(setting === 'app.tenant_id' ? {} : { setting }),
    tables: [table],
  };
  // JSON has no line break in a name, which would end the comment.
  return `-- compilePolicies(${JSON.stringify(call)}), or with readTables for every table at once, writes:`;
}

function compiled(
  { application, admin, others, policies }: ReachableTable,
  column: ResolvedTable,
  setting: string,
): readonly string[] {
  const options = {
    role: application,
    adminRole: admin,
    setting,
    tables: [],
    shared: [],
    views: [],
    hidden: [],
    database: null,
  };
  // The comments say that all of the SQL was run, which this is not.
  const [revoke = '', ...statements] = tenantTableStatements(column, options).statements.filter(
    (one) => !one.startsWith('COMMENT'),
  );
  const several = others || policies.some(({ name }) => SET_ASIDE.test(name));
  return several
    ? [revoke, setAsideStatement([column], options), ...statements, dropAsideStatement([column], options)]
    : [revoke, ...statements];
}

function revoked({ identifier, administrative, ...granted }: ReachableTable): string {
  const steps = revocations(granted, `revoke all on ${identifier}`);
  return administrative || steps.includes(CONNECT_AS) ? CONNECT_AS : steps.join('; ');
}

import type { Isolation } from '../connections/isolation.js';
import { examine } from '../doctor/examine.js';
import { startRules } from '../doctor/rules.js';
import { requireCustomSetting } from '../errors/custom-setting.js';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-arguments.js';
import type { HiddenTable, SharedTable } from '../policies/policy-options.js';
import { refuseSlipsIn } from '../policies/resolve-policy-options.js';

/** Options of {@link rowLevelSecurity}. */
export interface RowLevelSecurityOptions {
  /**
   * The setting that the policies read.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
  /**
   * The schemas that hold the application's tables, which the start-up checks examine.
   * @defaultValue `['public']`
   */
  readonly schemas?: readonly string[];
  /**
   * The tables without a tenant, as `name`, as `schema.name`, or as an object that says more, like those of `readTables`. Any other table that the application can reach must have
   * its policies, or the pool does not start.
   * @defaultValue `[]`
   */
  readonly shared?: readonly (string | SharedTable)[];
  /**
   * The tables and views that the application must not reach at all, such as the record of the ORM's migrations, named like
   * `shared`. Those that are not there, or that it cannot reach, are no fault.
   * @defaultValue `[]`
   */
  readonly hidden?: readonly (string | HiddenTable)[];
  /**
   * The column that holds the tenant's id, where no policy says otherwise.
   * @defaultValue `'tenant_id'`
   */
  readonly tenantColumn?: string;
}

/**
 * All tenants in the same tables: policies of PostgreSQL show each query the rows of the tenant it is bound to, whatever
 * its SQL says. `compilePolicies` makes the policies.
 *
 * @throws `floor_misconfigured` when an option is wrong.
 */
export function rowLevelSecurity(options: RowLevelSecurityOptions = {}): Isolation {
  requireOptions('rowLevelSecurity', options);
  const { setting = 'app.tenant_id', schemas = ['public'], tenantColumn = 'tenant_id' } = options;
  refuseUnknown('rowLevelSecurity', options, ['setting', 'schemas', 'shared', 'hidden', 'tenantColumn']);
  requireCustomSetting('rowLevelSecurity', setting);
  if (typeof tenantColumn !== 'string' || tenantColumn === '') {
    throw misconfigured(
      `rowLevelSecurity: the option \`tenantColumn\` is ${JSON.stringify(tenantColumn)}, which names no column. Name it, or leave it out.`,
    );
  }
  const shared = namesOf('shared', options.shared);
  const hidden = namesOf('hidden', options.hidden);
  namesOf('schemas', schemas);
  if (schemas.length === 0) {
    throw misconfigured(
      "rowLevelSecurity: the option `schemas` is empty, so no table would be examined. Name the schemas that hold the application's tables, or leave it out.",
    );
  }
  refuseSlipsIn('rowLevelSecurity', { shared: options.shared ?? [], hidden: options.hidden ?? [] });
  const both = shared.find((name) => hidden.includes(name));
  if (both !== undefined) {
    throw misconfigured(
      `rowLevelSecurity: ${JSON.stringify(both)} is in both \`shared\` and \`hidden\`. Keep the one that is true.`,
    );
  }
  return {
    strategy: 'row-level-security',
    setting,
    place: (tenant) => ({ settings: [[setting, tenant.id]], ownsTables: false }),
    verify: (connection) => examine(connection, { setting, schemas, shared, hidden, tenantColumn }, startRules),
  };
}

/** As the doctor has them: a name that comes with its schema is found in that one alone. */
function namesOf(option: string, list: unknown = []): string[] {
  const names = Array.isArray(list)
    ? list.map((entry: unknown) => {
        if (typeof entry !== 'object' || entry === null) return entry;
        const { schema = 'public', name } = entry as { readonly schema?: unknown; readonly name?: unknown };
        return typeof schema === 'string' && typeof name === 'string' && name !== '' && option !== 'schemas'
          ? `${schema}.${name}`
          : undefined;
      })
    : [undefined];
  if (names.every((name): name is string => typeof name === 'string' && name !== '')) return names;
  throw misconfigured(`rowLevelSecurity: the option \`${option}\` is not a list of names. Pass strings.`);
}

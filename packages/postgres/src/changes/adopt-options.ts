import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../errors/require-arguments.js';
import { TENANT_COLUMN_TYPES, type TenantColumnType } from '../policies/policy-body.js';
import type { CompilePoliciesOptions } from '../policies/policy-options.js';
import { quoteIdentifier, quoteQualified } from '../policies/quoting.js';
import { resolvePolicyOptions } from '../policies/resolve-policy-options.js';
import { type Adoption, type AdoptionTable, type AdoptStage, STAGES } from './adopt/adoption.js';
import { limitsOf, type RunOptions } from './change-options.js';
import { type ChangedTable, requireOptional, tableNamed } from './plan/changed-table.js';
import { isSame } from './plan/key-catalog.js';

/** A table whose rows are to belong to tenants. Without `value` and `through`, it has its tenant column already. */
export interface AdoptedTable extends ChangedTable {
  /** @defaultValue the `tenantColumn` of all tables */
  readonly tenantColumn?: string;
  /** The tenant of a row, as an SQL expression over it. */
  readonly value?: string;
  /** A column with a foreign key to a table that comes earlier in the list: a row belongs to the tenant of the row that it refers to. */
  readonly through?: string;
}

/** Options of {@link adopt}. */
export interface AdoptOptions extends RunOptions {
  /** The tables of tenants: each one behind those that it goes through. */
  readonly tables: readonly AdoptedTable[];
  /** The last stage that is done; those before it are done as well, where they are not yet. */
  readonly until: AdoptStage;
  /**
   * The column that says whose a row is.
   * @defaultValue `'tenant_id'`
   */
  readonly tenantColumn?: string;
  /**
   * Type of the tenant column.
   * @defaultValue `'text'`
   */
  readonly type?: TenantColumnType;
  /**
   * The roles of the policies, and what `compilePolicies` is told besides the tables of tenants.
   * @defaultValue none, and then `until` is `'expand'` or `'keys'`
   */
  readonly policies?: Omit<CompilePoliciesOptions, 'tables'>;
  /**
   * True to drop the unique keys without tenant, once they have their twins and no old code names them. The primary keys stay.
   * @defaultValue `false`
   */
  readonly dropOldKeys?: boolean;
}

const OWN = ['tables', 'until', 'tenantColumn', 'type', 'policies', 'dropOldKeys'];

/** @throws `floor_misconfigured` for an option that is wrong or unknown. */
export function adoptionOf(options: AdoptOptions): Adoption {
  const limits = limitsOf('adopt', options, OWN);
  const { until, tenantColumn = 'tenant_id', type = 'text', policies, dropOldKeys = false } = options;
  requireName('adopt', 'tenantColumn', tenantColumn);
  requireOptional('adopt', { dropOldKeys }, 'dropOldKeys', 'boolean');
  const wrong = (option: string, value: unknown, fix: string) =>
    misconfigured(`adopt: the option \`${option}\` is ${said(value)}. ${fix}`);
  if (!STAGES.includes(until)) throw wrong('until', until, `Use one of ${STAGES.join(', ')}.`);
  if (!TENANT_COLUMN_TYPES.includes(type)) throw wrong('type', type, `Use one of ${TENANT_COLUMN_TYPES.join(', ')}.`);
  if (!Array.isArray(options.tables) || options.tables.length === 0) {
    throw wrong('tables', options.tables, 'Pass a list with a table at least.');
  }
  const tables = options.tables.map((table) => tableOf(table, tenantColumn));
  for (const [index, { table }] of tables.entries()) {
    if (tables.findIndex((one) => isSame(one.table, table)) !== index) {
      throw misconfigured(`adopt: ${quoteQualified(table)} is named twice in \`tables\`. Remove one.`);
    }
  }
  const reaches = (stage: AdoptStage) => STAGES.indexOf(stage) <= STAGES.indexOf(until);
  if (policies === undefined && reaches('observe')) {
    throw wrong(
      'policies',
      policies,
      `Pass \`{ role }\`, the role that the application connects as: ${until} needs it.`,
    );
  }
  if (dropOldKeys && !reaches('keys')) {
    throw wrong('dropOldKeys', true, 'Keys go only when their twins are there: use `until: "keys"`, or a later stage.');
  }
  const compiled = policies !== undefined && {
    ...requirePolicies(policies),
    tables: tables.map(({ table, column }) => ({ ...table, tenantColumn: column, type })),
  };
  const setting = compiled ? resolvePolicyOptions(compiled).setting : 'app.tenant_id';
  return { tables, type, setting, policies: compiled || undefined, dropOldKeys, limits, reaches };
}

function requirePolicies(policies: Omit<CompilePoliciesOptions, 'tables'>) {
  requireOptions('adopt, policies', policies, 'role');
  const known = ['role', 'adminRole', 'setting', 'shared', 'views', 'hidden', 'database'];
  refuseUnknown('adopt, policies', policies, known);
  return Object.fromEntries(Object.entries(policies).filter(([, value]) => value !== undefined)) as typeof policies;
}

function tableOf(given: AdoptedTable, usual: string): AdoptionTable {
  const place = 'adopt, tables';
  requireOptions(place, given, 'name');
  refuseUnknown(place, given, ['schema', 'name', 'tenantColumn', 'value', 'through']);
  const { name, schema, tenantColumn: column = usual, value, through } = given;
  const table = tableNamed(place, schema === undefined ? { name } : { schema, name });
  requireName(place, 'tenantColumn', column);
  quoteIdentifier(column);
  for (const option of ['value', 'through'] as const) requireOptional(place, given, option, 'name');
  if (value !== undefined && through !== undefined) {
    throw misconfigured(
      `${place}: ${quoteQualified(table)} has both \`value\` and \`through\`. Keep the one that is true.`,
    );
  }
  return { table, column, value, through };
}

import type { ClientConfig } from 'pg';
import { requireCustomSetting } from '../errors/custom-setting.js';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { isNamed, requireList, requireName, requireOptions, said } from '../errors/require-arguments.js';
import { requireConnectionOption } from '../errors/require-connection.js';
import type { TenantTable } from '../policies/policy-options.js';
import type { DoctorOptions } from './diagnosis/rule.js';
import type { OperatingOptions } from './operating/operating-rule.js';

type Named = string | { readonly schema?: string; readonly name: string; readonly writable?: boolean };

/** Options of `diagnose`. Those about tables are as `migrate` and `compilePolicies` have them. */
export interface DiagnoseOptions {
  /** The database, by a role that sees all of it: the one that migrates, or a superuser. Nothing is written. */
  readonly connection: string | ClientConfig;
  /**
   * The database, by the role that the application connects as, whose rights are examined.
   * @defaultValue `connection`, which becomes `role`: a superuser alone may
   */
  readonly application?: string | ClientConfig;
  /** The role that the application connects as. */
  readonly role: string;
  /**
   * The setting that carries the tenant's id.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
  /**
   * The schemas that are looked through.
   * @defaultValue `['public']`
   */
  readonly schemas?: readonly string[];
  /**
   * The column that says whose a row is.
   * @defaultValue `'tenant_id'`
   */
  readonly tenantColumn?: string;
  /**
   * Tables whose tenant column has another name.
   * @defaultValue `[]`
   */
  readonly tables?: readonly TenantTable[];
  /**
   * Tables that belong to everybody, by name, and those of them that tenants may write.
   * @defaultValue `[]`
   */
  readonly shared?: readonly Named[];
  /**
   * Tables that no tenant sees.
   * @defaultValue `[]`
   */
  readonly hidden?: readonly Named[];
  /**
   * Rows from which on a table counts as large, for what is slow and not wrong.
   * @defaultValue `10_000`
   */
  readonly largeTable?: number;
  /**
   * Minutes from which on a transaction is open for long.
   * @defaultValue `15`
   */
  readonly longTransactionMinutes?: number;
  /**
   * Days that the statistics must reach back for an index that was not read to be called unused.
   * @defaultValue `14`
   */
  readonly observedDays?: number;
  /**
   * Asks whether the database can be distributed by tenant over a Citus cluster, too.
   * @defaultValue not asked
   */
  readonly for?: 'citus';
}

const BOUNDS = ['largeTable', 'longTransactionMinutes', 'observedDays'] as const;

const KNOWN = [
  'connection',
  'application',
  'role',
  'setting',
  'schemas',
  'tenantColumn',
  'tables',
  'shared',
  'hidden',
  ...BOUNDS,
  'for',
];

/** @throws TenantFloorError `floor_misconfigured` for an option that is wrong. */
export function resolveDiagnoseOptions(options: DiagnoseOptions): {
  readonly rules: DoctorOptions;
  readonly operating: OperatingOptions;
} {
  requireOptions('diagnose', options, 'connection');
  refuseUnknown('diagnose', options, KNOWN);
  const { role, setting = 'app.tenant_id', schemas = ['public'], tenantColumn = 'tenant_id', tables = [] } = options;
  const { shared = [], hidden = [], largeTable = 10_000, longTransactionMinutes = 15, observedDays = 14 } = options;
  requireConnectionOption('diagnose', 'connection', options.connection);
  if (options.application !== undefined) requireConnectionOption('diagnose', 'application', options.application);
  requireName('diagnose', 'role', role);
  requireCustomSetting('diagnose', setting);
  requireName('diagnose', 'tenantColumn', tenantColumn);
  requireList('diagnose', 'schemas', schemas);
  if (schemas.length === 0) {
    throw misconfigured(
      "diagnose: the option `schemas` is empty, so no table would be examined. Name the application's.",
    );
  }
  for (const [option, list] of Object.entries({ shared, hidden })) requireList('diagnose', option, list, isNamed);
  requireList('diagnose', 'tables', tables, (table) => typeof table === 'object' && isNamed(table));
  for (const bound of BOUNDS) {
    const value = options[bound];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) continue;
    throw misconfigured(
      `diagnose: the option \`${bound}\` is ${said(value)}. Pass a whole number that is not negative.`,
    );
  }
  if (options.for !== undefined && options.for !== 'citus') {
    throw misconfigured(`diagnose: the option \`for\` is ${said(options.for)}. Pass 'citus', or leave it out.`);
  }
  const own = Object.fromEntries(
    tables.map(({ schema = 'public', name, tenantColumn: column = tenantColumn }) => [`${schema}.${name}`, column]),
  );
  const names = {
    schemas,
    tenantColumn,
    shared: shared.map(nameOf),
    hidden: hidden.map(nameOf),
  };
  return {
    rules: {
      ...names,
      setting,
      writable: shared.filter((table) => typeof table === 'object' && table.writable === true).map(nameOf),
    },
    operating: { ...names, role, columns: own, largeTable, longTransactionMinutes, observedDays },
  };
}

function nameOf(table: Named): string {
  return typeof table === 'string' ? table : `${table.schema ?? 'public'}.${table.name}`;
}

import { isMigrationRecord } from '../../policies/migration-records.js';
import type { Table } from '../schema/table.js';
import { keyOf, type QualifiedName } from '../sql/names.js';
import type { LintSeverity } from './finding.js';
import type { ResolvedLintOptions } from './lint-options.js';

/** The tenancy of a table, as far as the migrations and the options say it. */
export type TableClass = 'tenant' | 'shared' | 'hidden' | 'unclassified' | 'unknown';

/** The tenancy of a table. */
export function classOf(table: Table, options: ResolvedLintOptions): TableClass {
  if (isListed(table.name, options.shared)) return 'shared';
  if (isListed(table.name, options.hidden) || isMigrationRecord(table.name.name) || OWN.has(table.name.name))
    return 'hidden';
  if (table.columns.has(options.tenantColumn)) return 'tenant';
  return table.isComplete ? 'unclassified' : 'unknown';
}

/** Tables of this library itself, beside its ledger. */
const OWN: ReadonlySet<string> = new Set(['tenancy_schedule', 'tenancy_changes']);

/** True where a list names it, with its schema or without. */
export function isListed(name: QualifiedName, list: ReadonlySet<string>): boolean {
  return list.has(keyOf(name)) || list.has(name.name) || list.has(`public.${keyOf(name)}`);
}

/** True for a table of tenants' rows in a database that they share. */
export function isTenantTable(table: Table, options: ResolvedLintOptions): boolean {
  return options.strategy === 'rows' && classOf(table, options) === 'tenant';
}

/** The severity of what opens a table: an error for one of tenants' rows, a warning where no file says what is in it. */
export function severityOfOpening(table: Table, options: ResolvedLintOptions): LintSeverity | undefined {
  if (options.strategy !== 'rows' || table.isTemporary) return undefined;
  return ({ tenant: 'error', unknown: 'warning' } as Partial<Record<TableClass, LintSeverity>>)[
    classOf(table, options)
  ];
}

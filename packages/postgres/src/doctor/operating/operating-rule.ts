import type { DoctorOptions, Finding, Queryable } from '../diagnosis/rule.js';

/** The name of a rule about operating a database, which no pool asks. */
export type OperatingRuleName =
  | 'tenant-indexes'
  | 'foreign-key-indexes'
  | 'unused-indexes'
  | 'redundant-indexes'
  | 'invalid-indexes'
  | 'unvalidated-constraints'
  | 'dead-rows'
  | 'statistics'
  | 'sequences'
  | 'transaction-ids'
  | 'open-transactions'
  | 'replication-slots'
  | 'timeouts'
  | 'unfinished'
  | 'tenant-skew';

/** A finding about operating. */
export type OperatingFinding = Omit<Finding, 'rule'> & { readonly rule: OperatingRuleName };

/** One question about operating, asked as a role that sees the whole database. */
export interface OperatingRule {
  readonly name: OperatingRuleName;
  examine(connection: Queryable, options: OperatingOptions): Promise<readonly OperatingFinding[]>;
}

/** The names and bounds that rules about operating are asked with. */
export interface OperatingOptions extends Pick<DoctorOptions, 'schemas' | 'shared' | 'hidden' | 'tenantColumn'> {
  /** The role that the application connects as. */
  readonly role: string;
  /** The tables whose tenant column has another name, such as the tenants' own, as `schema.name` with the column. */
  readonly columns: Readonly<Record<string, string>>;
  /** Rows from which on a table counts as large. */
  readonly largeTable: number;
  /** Minutes from which on a transaction is open for long. */
  readonly longTransactionMinutes: number;
  /** Days of statistics that say that an index is not used. */
  readonly observedDays: number;
}

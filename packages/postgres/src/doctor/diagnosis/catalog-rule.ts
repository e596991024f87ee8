import { readRows } from '../../policies/read-rows.js';
import type { DoctorOptions, Finding, Queryable, Rule } from './rule.js';

/** A finding of one row of a rule's query. */
export type Diagnosis = Pick<Finding, 'subject' | 'message' | 'fix'>;

interface CatalogRule<Row> extends Omit<Rule, 'examine'> {
  /** One query over `pg_catalog`, whose columns are those of `Row`. */
  readonly sql: string;
  /** The values of the query's parameters. */
  readonly values?: (options: DoctorOptions) => readonly unknown[];
  readonly diagnose: (row: Row, options: DoctorOptions) => readonly Diagnosis[];
}

/** A rule that asks one query, and turns its rows into findings. */
export function catalogRule<Row>({ name, severity, sql, values, diagnose }: CatalogRule<Row>): Rule {
  return {
    name,
    severity,
    async examine(connection: Queryable, options: DoctorOptions): Promise<readonly Finding[]> {
      const rows = await readRows(connection, sql, values?.(options));
      // The shape of the rows is written in the query above it, so it is asserted here once for all rules.
      return (rows as readonly Row[]).flatMap((row) =>
        diagnose(row, options).map((diagnosis) => ({ rule: name, severity, ...diagnosis })),
      );
    },
  };
}

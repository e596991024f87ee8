import type { LintSeverity } from './finding.js';

/** A migration as it is written. */
export interface LintFile {
  /** The name that findings show, such as its path. */
  readonly name: string;
  readonly sql: string;
}

/** The setting of a rule. */
export type LintLevel = 'error' | 'warn' | 'off';

/** Options of `lintMigrations`. */
export interface LintOptions {
  /**
   * The column that holds the tenant's id.
   * @defaultValue `'tenant_id'`
   */
  readonly tenantColumn?: string;
  /**
   * The way in which tenants are kept apart: by a column in every table, by a schema each, or by a database each.
   * @defaultValue `'rows'`
   */
  readonly strategy?: 'rows' | 'schemas' | 'databases';
  /**
   * Tables without a tenant, which every tenant may read, as `name` or `schema.name`.
   * @defaultValue none
   */
  readonly shared?: readonly string[];
  /**
   * Tables that the application does not see at all, as `name` or `schema.name`. Records of known migration tools are hidden anyway.
   * @defaultValue none
   */
  readonly hidden?: readonly string[];
  /**
   * The place of the policies: compiled by the runner in the transaction that makes the table, or written in the migrations themselves.
   * @defaultValue `'compiled'`
   */
  readonly policies?: 'compiled' | 'in-files';
  /**
   * The program that applies the files. `'tenancy'` sets `lock_timeout` and makes a step of its own of what cannot be in a transaction;
   * `'one-transaction'` sends each file as one text, as Prisma and psql with `-1` do.
   * @defaultValue `'tenancy'`
   */
  readonly runner?: 'tenancy' | 'one-transaction';
  /**
   * The major version of the oldest server that the migrations run on.
   * @defaultValue `18`
   */
  readonly serverVersion?: 15 | 16 | 17 | 18;
  /**
   * The first file whose findings are wanted, by its name. The files before it are read for what they make.
   * @defaultValue the first file
   */
  readonly since?: string;
  /**
   * Lines whose findings are wanted, for each file by its name, as pairs of first and last: those of a pull request.
   * @defaultValue all lines
   */
  readonly lines?: Readonly<Record<string, readonly (readonly [first: number, last: number])[]>>;
  /**
   * The severity of rules by their names, or `'off'`.
   * @defaultValue as each rule says
   */
  readonly rules?: Readonly<Record<string, LintLevel>>;
}

/** Options with every default filled in. */
export interface ResolvedLintOptions {
  readonly tenantColumn: string;
  readonly strategy: 'rows' | 'schemas' | 'databases';
  readonly shared: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly policies: 'compiled' | 'in-files';
  readonly runner: 'tenancy' | 'one-transaction';
  readonly serverVersion: number;
  readonly since: string | undefined;
  readonly lines: LintOptions['lines'];
  /** The severity of each rule that is on. */
  readonly severities: ReadonlyMap<string, LintSeverity>;
}

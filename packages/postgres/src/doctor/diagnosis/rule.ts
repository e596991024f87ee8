/** The name of a rule in reports, in tests and in an ignore list. */
export type RuleName =
  | 'privileged-role'
  | 'table-owner'
  | 'server-version'
  | 'classification'
  | 'table-policies'
  | 'hidden-tables'
  | 'distributed-tables'
  | 'server-files'
  | 'foreign-servers'
  | 'private-catalogs'
  | 'shared-descendants'
  | 'views'
  | 'truncate'
  | 'temporary-tables'
  | 'public-tables'
  | 'preset-tenant'
  | 'role-settings'
  | 'server-updates'
  | 'table-privileges'
  | 'schema-create'
  | 'ledger'
  | 'unexamined-schemas'
  | 'shared-tenant-column'
  | 'shared-writes'
  | 'leakproof-indexes'
  | 'cascade-triggers'
  | 'foreign-keys'
  | 'unique-keys'
  | 'security-definer'
  | 'public-policies'
  | 'default-privileges'
  | 'server-functions'
  | 'file-listings'
  | 'predefined-roles'
  | 'query-texts'
  | 'table-rules'
  | 'bypass-roles'
  | 'publications';

/** `error`: tenants are not held apart, and a pool refuses to start. `advice`: worth knowing, and found only when asked. */
export type Severity = 'error' | 'advice';

/** One fault of a database. It names tables, columns and roles, and never shows a row or a tenant's id. */
export interface Finding {
  readonly rule: RuleName;
  readonly severity: Severity;
  /** The table, role or function at fault, such as `public.job` or `role app`. */
  readonly subject: string;
  /** The fault, and why it matters. */
  readonly message: string;
  /** The SQL that puts it right, or the step when SQL alone does not. */
  readonly fix: string;
}

/** The names that the doctor has to know of a database to examine it. */
export interface DoctorOptions {
  /** The setting that carries the tenant's id. */
  readonly setting: string;
  /** The schemas that hold the application's tables. */
  readonly schemas: readonly string[];
  /** The tables and views that belong to no tenant, as `name` or `schema.name`. */
  readonly shared: readonly string[];
  /**
   * Those of `shared` that the application may write to, named alike.
   * @defaultValue `[]`
   */
  readonly writable?: readonly string[];
  /**
   * The tables and views that the application must not reach at all, named like `shared`.
   * @defaultValue `[]`
   */
  readonly hidden?: readonly string[];
  /** The column that names the tenant, where no policy says otherwise. */
  readonly tenantColumn: string;
}

/** Anything with `query` as `pg` has it, connected as the role that the application runs as. */
export interface Queryable {
  /** Runs one statement, `$1` and on being its values. */
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** One question to the catalogs of PostgreSQL. */
export interface Rule {
  readonly name: RuleName;
  readonly severity: Severity;
  /** Everything of this kind that is wrong, each with its fix; nothing where all is well. It only reads. */
  examine(connection: Queryable, options: DoctorOptions): Promise<readonly Finding[]>;
}

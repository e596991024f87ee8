import type { TenantColumnType } from './policy-body.js';

/** A table whose rows each belong to one tenant. Names are as the database stores them: case counts. */
export interface TenantTable {
  /** @defaultValue `'public'` */
  readonly schema?: string;
  readonly name: string;
  /**
   * The column that holds the tenant's id.
   * @defaultValue `'tenant_id'`
   */
  readonly tenantColumn?: string;
  /**
   * The type of that column.
   * @defaultValue `'text'`
   */
  readonly type?: TenantColumnType;
}

/** A table without a tenant, which every tenant may read. */
export interface SharedTable {
  /** @defaultValue `'public'` */
  readonly schema?: string;
  readonly name: string;
  /**
   * True when every tenant may also write to it.
   * @defaultValue `false`
   */
  readonly writable?: boolean;
}

/** A table or view that the application must not see at all, such as the record of the ORM's migrations. */
export interface HiddenTable {
  /** @defaultValue `'public'` */
  readonly schema?: string;
  readonly name: string;
}

/** A view, which is made to run with the rights of whoever reads it. */
export interface TenantView {
  /** @defaultValue `'public'` */
  readonly schema?: string;
  readonly name: string;
}

/** Options of `compilePolicies`. */
export interface CompilePoliciesOptions {
  /** The role that the application connects as. It is created when it is absent, without a password. */
  readonly role: string;
  /**
   * A role that sees the rows of every tenant, without BYPASSRLS. The application's role must not be a member of it.
   * @defaultValue no such role
   */
  readonly adminRole?: string;
  /**
   * The setting that carries the tenant's id, bound to each query by the pool.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
  /** The tables whose rows are tenants'; `readTables` finds them. */
  readonly tables: readonly TenantTable[];
  /**
   * Tables that belong to everybody, and those of them that tenants may write.
   * @defaultValue `[]`
   */
  readonly shared?: readonly SharedTable[];
  /**
   * Views over the tenants' tables, which are made to run as their caller.
   * @defaultValue `[]`
   */
  readonly views?: readonly TenantView[];
  /**
   * Tables and views that the application must not see at all. Each right on them is revoked, where they exist.
   * @defaultValue `[]`
   */
  readonly hidden?: readonly HiddenTable[];
  /**
   * The database in which the right to create temporary tables is revoked: a temporary table outlives its query, and the
   * next tenant on the same connection would find it.
   * @defaultValue the database that the SQL runs in
   */
  readonly database?: string;
}

import { quoteIdentifier, quoteLiteral } from './quoting.js';

/** The types of a tenant column that can be compared with the setting without a cast on the column. */
export const TENANT_COLUMN_TYPES = ['text', 'varchar', 'uuid', 'integer', 'bigint'] as const;

/** One of `TENANT_COLUMN_TYPES`. */
export type TenantColumnType = (typeof TENANT_COLUMN_TYPES)[number];

export interface TenantCondition {
  /** The condition as it is written into a policy. */
  readonly sql: string;
  /** The condition as `pg_get_expr` prints it, except that PostgreSQL quotes a column whose name is a keyword. */
  readonly deparsed: string;
}

/**
 * The condition of every tenant policy: the row belongs to the tenant that the setting names, and to nobody when the
 * setting is missing or empty.
 *
 * - G2: after a local `set_config` the setting reads `''`, so `''` becomes NULL, which equals no row.
 * - G3: only the setting is cast; a cast on the column would put its index out of use.
 * - It is not wrapped into `(SELECT …)`. A sequential scan would then ask for the setting once instead of once a row
 *   (72 against 260 ms on a million rows, PostgreSQL 18), but the planner would no longer know which tenant it plans for
 *   and take the average one: a count for a tenant with 0.1 % of the rows took 118 ms instead of 0.8 ms, and a join of
 *   three tables for a tenant with half of the rows 2.9 s instead of 1.7 s.
 */
export function tenantCondition(column: string, type: TenantColumnType, setting: string): TenantCondition {
  const cast = CASTS[type];
  const name = quoteLiteral(setting);
  // PostgreSQL relabels a varchar as text by itself, which reads like a cast but keeps the index in use.
  const relabelled = type === 'varchar' ? `(${plain(column)})::text` : plain(column);
  const value = `NULLIF(current_setting(${name}::text, true), ''::text)`;
  return {
    sql: `${quoteIdentifier(column)} = NULLIF(current_setting(${name}, true), '')${cast}`,
    deparsed: `(${relabelled} = ${cast ? `(${value})${cast}` : value})`,
  };
}

/** True when `expression`, as `pg_get_expr` prints it, is exactly the tenant condition. */
export function isTenantCondition(
  expression: string | null,
  column: string,
  type: TenantColumnType,
  setting: string,
): boolean {
  const { deparsed } = tenantCondition(column, type, setting);
  // Which names are keywords differs between versions of PostgreSQL, so both spellings of the column count.
  return expression === deparsed || expression === deparsed.replace(plain(column), () => quoteIdentifier(column));
}

const CASTS: Readonly<Record<TenantColumnType, string>> = {
  text: '',
  varchar: '',
  uuid: '::uuid',
  integer: '::integer',
  bigint: '::bigint',
};

/** How a policy's text may write the column: which names are keywords, and quoted, differs between versions of PostgreSQL. */
export function columnSpellings(column: string, type: TenantColumnType): string[] {
  const names = [plain(column), quoteIdentifier(column)];
  return type === 'varchar' ? names.map((name) => `(${name})::text`) : names;
}

/** The cast of the setting to the type of the column, empty for a text. */
export function tenantCast(type: TenantColumnType): string {
  return CASTS[type];
}

function plain(column: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(column) ? column : quoteIdentifier(column);
}

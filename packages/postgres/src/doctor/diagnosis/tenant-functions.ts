import type { TenantColumnType } from '../../policies/policy-body.js';

/** A function of somebody's own that a policy calls, which always does what its body says: see {@link isFixed}. */
export interface PolicyFunction {
  /** Its name, as SQL. */
  readonly name: string;
  readonly qualified: string;
  /** The type that it returns, as `TenantColumnType` has it. */
  readonly type: string;
  readonly body: string;
}

/** A call that answers the tenant's id. */
export interface TenantReading {
  /** The call, as a policy's text may have it: with its schema, and without. */
  readonly calls: readonly string[];
  readonly type: string;
  /** An empty setting is NULL. */
  readonly nulls: boolean;
}

/**
 * True when the function `f` does what its body says, whoever calls it and whatever they set: nobody whom the application can act as may replace
 * or drop it, and its words mean what PostgreSQL means, because they were parsed when it was made or by its own search path. One that is
 * IMMUTABLE is called while a plan is made, for whichever tenant comes first. Needs `reach`.
 */
export const isFixed = (f: string) => `(
  ${f}.prokind = 'f' and ${f}.pronargs = 0 and not ${f}.proretset and ${f}.provolatile = 's' and ${f}.prosupport = 0
  and ${f}.proowner not in (select oid from reach)
  and not exists (select from pg_namespace s where s.oid = ${f}.pronamespace and s.nspowner in (select oid from reach))
  and exists (select from pg_language l where l.oid = ${f}.prolang and l.lanname in ('sql', 'plpgsql'))
  and (${f}.prosqlbody is not null or ${f}.proconfig is not null)
  and not exists (
    select from unnest(${f}.proconfig) entry
    where entry !~ case when exists (select from reach where has_database_privilege(reach.oid, current_database(), 'TEMPORARY'))
      then '^search_path=(""|pg_catalog), pg_temp$' else '^search_path=(""|pg_catalog)(, pg_temp)?$' end
  )
  and not exists (
    select from pg_depend own
    where own.classid = 'pg_proc'::regclass and own.objid = ${f}.oid
      and own.refclassid not in ('pg_namespace'::regclass, 'pg_language'::regclass)
  )
)`;

/** The calls that answer the tenant's id; undefined when that is not known of each of the functions. */
export function tenantReadings(
  functions: readonly PolicyFunction[],
  setting: string,
): readonly TenantReading[] | undefined {
  const name = setting
    .toLowerCase()
    .replaceAll("'", "''")
    .replace(/[^\w']/g, '\\$&');
  const asked = `(?:pg_catalog\\.)?current_setting\\('${name}'(?:::text)?(?:,(?:true|false))?\\)`;
  const value = `(?:(nullif\\(${asked},''(?:::text)?\\))|${asked})`;
  const body = new RegExp(
    `^(?:begin atomic )?(?:begin return|return|select) ?(?:\\(${value}\\)|${value})(?:::([a-z0-9 ]+?))?(?: ?as "?\\w+"?)?;?(?:end)?;?$`,
  );
  const readings = functions.map((called): TenantReading | undefined => {
    const found = body.exec(condensed(called.body));
    // Through another type, two tenants may become one.
    if (!found || (found[3] !== undefined && TYPES[found[3]] !== called.type)) return undefined;
    const nulls = (found[1] ?? found[2]) !== undefined;
    return { calls: [`${called.name}()`, `${called.qualified}()`], type: called.type, nulls };
  });
  return readings.every((reading) => reading !== undefined) ? readings : undefined;
}

/** The words of PostgreSQL for the types of a tenant column. */
const TYPES: { readonly [name: string]: TenantColumnType } = {
  text: 'text',
  varchar: 'varchar',
  'character varying': 'varchar',
  uuid: 'uuid',
  int: 'integer',
  integer: 'integer',
  bigint: 'bigint',
};

function condensed(body: string): string {
  return body
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/ ?(\(|\)|,|;|::) ?/g, '$1');
}

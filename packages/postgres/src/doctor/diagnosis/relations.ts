import { FROM_EXTENSION } from '../../policies/relation-catalog.js';
import { IS_WITHIN_REACH } from './reachable-roles.js';
import type { DoctorOptions } from './rule.js';

/** How the relation `c` of the schema `n` is called in findings, and how it is written in SQL. */
export const RELATION_NAMES = `n.nspname || '.' || c.relname as subject, format('%I.%I', n.nspname, c.relname) as identifier`;

/**
 * True when the relation `c` of the schema `n` is to be examined: `$1` are the schemas, `$2` what is {@link unexamined}. What came
 * with an extension has no tenant's rows, and rights that its author chose.
 */
export const IS_EXAMINED = `n.nspname = any($1::text[]) and not ${isNamedIn('$2')} and not ${FROM_EXTENSION}`;

/** True when the schema `n` is none of those listed and none of PostgreSQL's own, among which every session may have a pg_temp. */
export const IS_ELSEWHERE = `(n.nspname <> all($1::text[]) and n.nspname <> 'information_schema' and n.nspname !~ '^pg_')`;

/** The relation `c`, and whatever it reads as a view, as `read`. */
export const WITH_READ = `with recursive read(oid) as (
  select c.oid
  union
  select d.refobjid
  from read
  join pg_rewrite w on w.ev_class = read.oid
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
)`;

/** True when the relation `c` holds rows of tenants, by the column `$3` or by policies, or reads what does as a view. */
export const HOLDS_TENANTS = `exists (
  ${WITH_READ}
  select from read
  join pg_class held on held.oid = read.oid
  where held.relrowsecurity or exists (
    select from pg_attribute a where a.attrelid = held.oid and a.attname = $3 and a.attnum > 0 and not a.attisdropped
  )
)`;

/**
 * True when the relation is to be examined, or lies in another schema, where only its full name classifies it, and holds rows
 * of tenants within reach: SQL names the schema as it likes. Needs `reach`.
 */
export const IS_EXAMINED_ANYWHERE = `(
  ${IS_EXAMINED}
  or (
    ${IS_ELSEWHERE} and n.nspname || '.' || c.relname <> all($2::text[]) and not ${FROM_EXTENSION}
    and ${IS_WITHIN_REACH} and ${HOLDS_TENANTS}
  )
)`;

/** The relations that need no policies: everybody's, and those that the application must not reach, which is a rule of its own. */
export function unexamined({ shared, hidden = [] }: DoctorOptions): string[] {
  return [...shared, ...hidden];
}

/** True when the relation `c` of the schema `n` is in the list, by its name or by the schema's and its name. */
export function isNamedIn(list: string): string {
  return `(c.relname::text = any(${list}::text[]) or n.nspname || '.' || c.relname = any(${list}::text[]))`;
}

/**
 * A table expression `tenant_table`: every examined table with row-level security, with the column that its policies
 * depend on, else the one called `$3`.
 */
export const TENANT_TABLES = `tenant_table as (
  select c.oid, ${RELATION_NAMES}, key.attnum as key_number, key.attname::text as key, quote_ident(key.attname) as key_identifier
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join lateral (
    select a.attnum, a.attname
    from pg_attribute a
    left join lateral (
      select bool_or(not p.polpermissive) as restrictive
      from pg_policy p
      join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.refobjsubid = a.attnum
      where p.polrelid = c.oid
    ) policy on true
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and (policy.restrictive is not null or a.attname = $3)
    order by policy.restrictive is not null and a.attname = $3 desc, policy.restrictive desc nulls last, a.attnum
    limit 1
  ) key on true
  where c.relkind in ('r', 'p') and c.relrowsecurity and ${IS_EXAMINED}
)`;

export { LEDGER } from '../../policies/relation-catalog.js';

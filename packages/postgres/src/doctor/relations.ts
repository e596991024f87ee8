import { FROM_EXTENSION } from '../policies/relation-catalog.js';
import type { DoctorOptions } from './rule.js';

/** How the relation `c` of the schema `n` is called in findings, and how it is written in SQL. */
export const RELATION_NAMES = `n.nspname || '.' || c.relname as subject, format('%I.%I', n.nspname, c.relname) as identifier`;

/**
 * Whether the relation `c` of the schema `n` is to be examined: `$1` are the schemas, `$2` what is {@link unexamined}. What came
 * with an extension has no tenant’s rows, and rights that its author chose.
 */
export const IS_EXAMINED = `n.nspname = any($1::text[]) and not ${isNamedIn('$2')} and not ${FROM_EXTENSION}`;

/** What needs no policies: everybody’s, and what the application must not reach, which is a rule of its own. */
export function unexamined({ shared, hidden = [] }: DoctorOptions): string[] {
  return [...shared, ...hidden];
}

/** Whether the relation `c` of the schema `n` is in the list, by its name or by the schema's and its name. */
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

export { LEDGER } from '../policies/relation-catalog.js';

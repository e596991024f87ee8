import { FROM_EXTENSION } from '../../policies/relation-catalog.js';
import { policiesOf, readerOf } from './catalog-policies.js';
import type { CatalogPolicy } from './policy-fault.js';
import { HOLDS_TENANTS, IS_ELSEWHERE, IS_EXAMINED } from './relations.js';
import { type Reader, unheldByRole } from './unheld-policies.js';

/** A table of tenants that a role can reach, or what shows its rows past its policies: a view that runs as its owner, or a materialised one. */
export interface RoleTable {
  readonly subject: string;
  /** Its policies do not apply to the role at all. */
  readonly open: boolean;
  /** The role may empty it, or take its policies away. */
  readonly owned: boolean;
  readonly policies: readonly CatalogPolicy[];
  readonly reader: Reader;
}

/** True when no policy holds the role to one tenant in this table. */
export function isOpen({ open, policies, reader }: RoleTable, setting: string): boolean {
  return open || unheldByRole(policies, [reader], setting).size > 0;
}

/** The tables of the role `r`, as JSON of {@link RoleTable}. `$3` is the column of the tenant. */
export const TABLES_OF_ROLE = `coalesce((
        select json_agg(json_build_object(
          'subject', n.nspname || '.' || c.relname,
          'owned', pg_has_role(r.oid, c.relowner, 'USAGE') or has_table_privilege(r.oid, c.oid, 'TRUNCATE'),
          'open', c.relkind in ('v', 'm', 'f') or not c.relrowsecurity or (not c.relforcerowsecurity and pg_has_role(r.oid, c.relowner, 'USAGE')),
          'reader', ${readerOf('r')},
          'policies', ${policiesOf(
            'json_build_array(r.rolname)',
            `exists (
              select from unnest(p.polroles) role where role = 0 or pg_has_role(r.oid, nullif(role, 0), 'USAGE')
            )`,
          )}
        ) order by n.nspname, c.relname)
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${HOLDS_TENANTS}
          and (${IS_EXAMINED} or (
            ${IS_ELSEWHERE} and n.nspname || '.' || c.relname <> all($2::text[]) and not ${FROM_EXTENSION}
            and has_schema_privilege(r.oid, n.oid, 'USAGE')
          ))
          -- Such a view asks for the rights of whoever reads it.
          and not (c.relkind = 'v' and coalesce((
            select option_value::boolean from pg_options_to_table(c.reloptions) where option_name = 'security_invoker'
          ), false))
          and (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE'))
      ), '[]')`;

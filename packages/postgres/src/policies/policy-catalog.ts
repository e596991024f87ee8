import type { CatalogConnection } from './catalog-connection.js';
import { readRows } from './read-rows.js';
import { COLUMN_TYPE, FROM_EXTENSION, LEDGER } from './relation-catalog.js';
import type { Relation, ResolvedPolicyOptions } from './resolve-policy-options.js';

/** A table or view that the options name, as it stands; `kind` is null when there is none. */
export interface LiveRelation extends Relation {
  readonly kind: string | null;
  readonly rowSecurity: boolean;
  readonly forced: boolean;
  readonly securityInvoker: boolean;
  /** The type of the tenant column; null when there is no such column. */
  readonly columnType: string | null;
  readonly fromExtension: boolean;
  /** Those of the roles that may read or write it. */
  readonly readers: readonly string[];
  /** The rights of each of the roles: to the whole of it, and which of INSERT, UPDATE and DELETE to at least one column. */
  readonly rights: readonly {
    readonly role: string;
    readonly held: readonly string[];
    readonly held_partly: readonly string[];
  }[];
  /** Those of the roles that may empty the table. */
  readonly truncators: readonly string[];
}

export interface LivePolicy extends Relation {
  readonly policy: string;
  readonly permissive: boolean;
  /** `*` is every command. */
  readonly command: string;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
  /** It calls something that does not come with PostgreSQL, and may only look like what does. */
  readonly foreign: boolean;
}

/** The live side of the comparison, in five queries for any number of tables. */
export async function readPolicyCatalog(connection: CatalogConnection, options: ResolvedPolicyOptions) {
  const relations = [...options.tables, ...options.shared, ...options.views, ...options.hidden];
  const names = [relations.map(({ schema }) => schema), relations.map(({ name }) => name)];
  const roles = options.adminRole === null ? [options.role] : [options.role, options.adminRole];
  const columns = relations.map((_, index) => options.tables[index]?.tenantColumn ?? null);
  // One after the other: a single connection cannot run them at the same time.
  return {
    missingRoles: (await readRows(connection, MISSING_ROLES, [roles])) as readonly { readonly name: string }[],
    relations: (await readRows(connection, LIVE_RELATIONS, [...names, columns, roles])) as readonly LiveRelation[],
    policies: (await readRows(connection, LIVE_POLICIES, names)) as readonly LivePolicy[],
    temporary: (await readRows(connection, TEMPORARY, [roles])) as readonly { readonly name: string }[],
    unclassified: (await readRows(connection, UNCLASSIFIED, [...names, roles])) as readonly Relation[],
  };
}

const MISSING_ROLES = `
  select name from unnest($1::text[]) as r (name)
  where not exists (select from pg_catalog.pg_roles where rolname = r.name)`;

const TEMPORARY = `
  select rolname::text as name from pg_catalog.pg_roles r
  where rolname = any($1::text[]) and has_database_privilege(r.oid, current_database(), 'TEMPORARY') order by 1`;

/** True when the role `r` may read or write the relation `c`, be it only one column of it. */
const MAY_REACH = `(has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
    or has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))`;

const LIVE_RELATIONS = `
  select w.schema, w.name, c.relkind::text as kind, coalesce(c.relrowsecurity, false) as "rowSecurity",
    coalesce(c.relforcerowsecurity, false) as forced,
    exists (
      select from pg_catalog.pg_options_to_table(c.reloptions)
      where option_name = 'security_invoker' and option_value::boolean
    ) as "securityInvoker",
    ${COLUMN_TYPE} as "columnType",
    ${FROM_EXTENSION} as "fromExtension",
    array(
      select rolname::text from pg_catalog.pg_roles r
      where rolname = any($4::text[]) and ${MAY_REACH} order by 1
    ) as readers,
    array(
      select rolname::text from pg_catalog.pg_roles r
      where rolname = any($4::text[]) and has_table_privilege(r.oid, c.oid, 'TRUNCATE') order by 1
    ) as truncators,
    coalesce((
      select json_agg(json_build_object(
        'role', r.rolname,
        'held', array(
          select p from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p where has_table_privilege(r.oid, c.oid, p)
        ),
        'held_partly', array(
          select p from unnest(array['INSERT', 'UPDATE', 'DELETE']) p
          where has_table_privilege(r.oid, c.oid, p) or (p <> 'DELETE' and has_any_column_privilege(r.oid, c.oid, p))
        )
      ) order by r.rolname)
      from pg_catalog.pg_roles r
      where r.rolname = any($4::text[])
    ), '[]') as rights
  from unnest($1::text[], $2::text[], $3::text[]) with ordinality as w (schema, name, "column", place)
  left join pg_catalog.pg_namespace n on n.nspname = w.schema
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = w."column" and a.attnum > 0
    and not a.attisdropped
  order by w.place`;

const LIVE_POLICIES = `
  select w.schema, w.name, p.polname::text as policy, p.polpermissive as permissive, p.polcmd::text as command,
    array(
      select coalesce(r.rolname::text, 'public') from unnest(p.polroles) as m (oid)
      left join pg_catalog.pg_roles r on r.oid = m.oid order by 1
    ) as roles,
    pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check,
    exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
      and d.refclassid in ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
    ) as foreign
  from unnest($1::text[], $2::text[]) as w (schema, name)
  join pg_catalog.pg_namespace n on n.nspname = w.schema
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
  join pg_catalog.pg_policy p on p.polrelid = c.oid
  order by w.schema collate "C", w.name collate "C", p.polname collate "C"`;

/** Relations in the schemas of the options that the application can reach and that are not named there (G7). */
const UNCLASSIFIED = `
  select distinct n.nspname::text as schema, c.relname::text as name
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_roles r on r.rolname = any($3::text[])
  where n.nspname = any($1::text[]) and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname || '.' || c.relname <> '${LEDGER}'
  and not exists (select from unnest($1::text[], $2::text[]) as w (schema, name)
    where w.schema = n.nspname and w.name = c.relname)
  and not ${FROM_EXTENSION} and ${MAY_REACH}
  order by 1, 2`;

import { isFixed } from './tenant-functions.js';

/** The policies of the relation `c` that fulfil `condition`, as JSON of `CatalogPolicy`; the policy is `p`. Needs `reach`. */
export function policiesOf(appliesTo: string, condition: string): string {
  return `
      coalesce((
        select json_agg(json_build_object(
          'name', p.polname,
          'identifier', quote_ident(p.polname),
          'permissive', p.polpermissive,
          'roles', (
            select json_agg(case role when 0 then 'public' else quote_ident(pg_get_userbyid(role)) end)
            from unnest(p.polroles) role
          ),
          'appliesTo', ${appliesTo},
          'command', p.polcmd,
          'using', pg_get_expr(p.polqual, p.polrelid),
          'check', pg_get_expr(p.polwithcheck, p.polrelid),
          'columns', coalesce(uses.columns, '[]'),
          'foreign', coalesce(uses.foreign, false),
          'volatile', coalesce(uses.volatile, false),
          'functions', coalesce(uses.functions, '[]')
        ) order by p.polname)
        from pg_policy p
        left join lateral (
          select
            json_agg(json_build_object(
              'name', a.attname, 'type', ${typeOf('a')}, 'deterministic', coalesce(l.collisdeterministic, true)
            ) order by a.attnum) filter (where a.attnum is not null) as columns,
            bool_or((d.refclassid <> 'pg_class'::regclass or d.refobjid <> c.oid) and not coalesce(f.fixed, false)) as foreign,
            json_agg(json_build_object(
              'name', quote_ident(f.proname), 'qualified', format('%I.%I', f.nspname, f.proname),
              'type', replace(format_type(f.prorettype, null), 'character varying', 'varchar'),
              'body', coalesce(pg_get_function_sqlbody(f.oid), f.prosrc)
            )) filter (where f.fixed) as functions,
            bool_or(f.provolatile = 'v') as volatile
          from pg_depend d
          left join pg_attribute a
            on d.refclassid = 'pg_class'::regclass and a.attrelid = d.refobjid and a.attnum = d.refobjsubid and d.refobjid = c.oid
          left join pg_collation l on l.oid = a.attcollation
          left join lateral (
            -- Asked once for each function, and put together with nothing else.
            select g.*, s.nspname, ${isFixed('g')} as fixed
            from pg_proc g
            join pg_namespace s on s.oid = g.pronamespace
            where d.refclassid = 'pg_proc'::regclass and g.oid = d.refobjid
            offset 0
          ) f on true
          where d.classid = 'pg_policy'::regclass and d.objid = p.oid
        ) uses on true
        where p.polrelid = c.oid and ${condition}
      ), '[]')`;
}

/** The role's rights on the relation `c`, be it on one column, as JSON of `Reader`. */
export function readerOf(role: string): string {
  return `json_build_object('role', ${role}.rolname, 'commands', ${commandsOf(role)})`;
}

/** The letters of the commands that the role has the right to. */
export function commandsOf(role: string): string {
  return `array_remove(array[
    case when has_any_column_privilege(${role}.oid, c.oid, 'SELECT') then 'r' end,
    case when has_any_column_privilege(${role}.oid, c.oid, 'INSERT') then 'a' end,
    case when has_any_column_privilege(${role}.oid, c.oid, 'UPDATE') then 'w' end,
    case when has_table_privilege(${role}.oid, c.oid, 'DELETE') then 'd' end
  ], null)`;
}

/** Without the length, as `TenantColumnType` has it. A domain keeps its own name: it may be over any type. */
export function typeOf(attribute: string): string {
  return `replace(format_type(${attribute}.atttypid, null), 'character varying', 'varchar')`;
}

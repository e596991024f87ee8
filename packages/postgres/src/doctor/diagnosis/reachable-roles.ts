/**
 * A recursive table expression `reach(oid)`: every role that a query of this connection can act as.
 *
 * - The role that logged in counts beside the current one: `RESET ROLE` goes back to it.
 * - A membership counts when it is inherited, when `SET ROLE` may use it, or when it can be granted on, since it can then
 *   be granted to oneself with both. PostgreSQL 15 has no options to tell these apart; read through JSON, a column that is
 *   missing is NULL.
 * - `pg_database_owner` has one member, the owner of the database, and `pg_auth_members` does not list it.
 */
export const REACHABLE_ROLES = `reach(oid) as (
  select oid from pg_roles where rolname in (current_user, session_user)
  union
  select edge.roleid
  from reach
  join (
    select m.member, m.roleid
    from pg_auth_members m
    where m.admin_option
      or coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
      or coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
    union all
    select d.datdba, 'pg_database_owner'::regrole
    from pg_database d
    where d.datname = current_database()
  ) edge on edge.member = reach.oid
)`;

/**
 * A table expression `runner(oid, rolname)`: the roles of `reach` that a query can run as, and that do not only lend their rights. They are
 * connected or logged in, or `SET ROLE` may name them, be it after a grant to oneself.
 */
export const RUNNING_ROLES = `runner as materialized (
  select r.oid, r.rolname
  from reach
  join pg_roles r using (oid)
  where exists (
    select from reach base
    join pg_roles b using (oid)
    where (
        b.rolname in (current_user, session_user)
        or exists (
          select from pg_auth_members m where m.roleid = b.oid and m.admin_option and m.member in (select oid from reach)
        )
      )
      and pg_has_role(b.oid, r.oid, case when current_setting('server_version_num')::int < 160000 then 'MEMBER' else 'SET' end)
  )
)`;

/** True when some reachable role may read or write the relation `c`, be it only one column of it. */
export const IS_REACHABLE_RELATION = `exists (
  select from reach
  where has_any_column_privilege(reach.oid, c.oid, 'SELECT, INSERT, UPDATE')
    or has_table_privilege(reach.oid, c.oid, 'DELETE')
)`;

/**
 * True when the relation `c` of the schema `n` can be named by some reachable role. Without USAGE of the schema its name is refused; a
 * view or a function whose body was parsed when it was made has found it already, and only the right to the relation is asked.
 */
export const IS_WITHIN_REACH = `(
  exists (select from reach where has_schema_privilege(reach.oid, n.oid, 'USAGE'))
  or exists (
    select from pg_depend d
    left join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
    where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
      and (w.ev_class <> c.oid or d.classid = 'pg_proc'::regclass)
  )
)`;

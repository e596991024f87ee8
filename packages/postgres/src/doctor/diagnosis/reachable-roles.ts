/**
 * Recursive table expressions, for all that a query of this connection can act as:
 *
 * - `reach(oid)`: every role whose rights it has, or can have.
 * - `runner(oid, rolname)`: those of them that it can run as, and that do not only lend their rights. The policies of a role are theirs alone
 *   who run as it or have its rights.
 *
 * The role that logged in counts beside the current one: `RESET ROLE` goes back to it. A membership leads on
 *
 * - by rights, when it is inherited, by whoever has the rights of the member;
 * - to running as the role, when `SET ROLE` may use it, in steps which all allow that;
 * - to both, when it can be granted on, by whoever has the rights of the member: it can be granted to oneself with both.
 *
 * PostgreSQL 15 has no options to tell these apart; read through JSON, a column that is missing is NULL. `pg_database_owner` has one member,
 * the owner of the database, and `pg_auth_members` does not list it.
 */
export const REACHABLE_ROLES = `way(oid, runs) as (
  select oid, true from pg_roles where rolname in (current_user, session_user)
  union
  select edge.roleid, edge.runs
  from way
  join (
    select m.member, m.roleid, step.runs, step.by_rights
    from (
      select m.member, m.roleid, m.admin_option as admin,
        coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) as set,
        coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) as inherit
      from pg_auth_members m
      union all
      select d.datdba, 'pg_database_owner'::regrole, false, true, true
      from pg_database d
      where d.datname = current_database()
    ) m
    cross join lateral (
      values (m.admin, true, true), (m.set, true, false), (m.inherit, false, true)
    ) step(allowed, runs, by_rights)
    where step.allowed
  ) edge on edge.member = way.oid and (way.runs or edge.by_rights)
), reach(oid) as (
  select distinct oid from way
), runner(oid, rolname) as (
  select r.oid, r.rolname from way join pg_roles r using (oid) where way.runs
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

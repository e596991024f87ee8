/** The fix of whatever is wrong with who is connected, and with nothing else. */
export const CONNECT_AS =
  'connect as the role that `compilePolicies` creates for the application, which owns nothing and administers nothing';

/**
 * True when the role administers: it is privileged, or owns the database or a table. To take its rights away, as one would from
 * the application's role, would break whatever it is there for.
 */
export function isAdministrative(oid: string): string {
  return `(exists (
    select from pg_roles p
    where p.oid = ${oid} and (p.rolsuper or p.rolbypassrls or p.rolreplication or p.rolcreaterole or p.rolcreatedb)
  ) or exists (select from pg_database o where o.datname = current_database() and o.datdba = ${oid})
    or exists (
      select from pg_class o
      where o.relowner = ${oid} and o.relkind in ('r', 'p') and o.relpersistence <> 't'
    ))`;
}

/** True when the role that is connected administers, by itself or as the role that logged in. */
export const CONNECTED_ADMINISTRATOR = `exists (
  select from pg_roles connected
  where connected.rolname in (current_user, session_user) and ${isAdministrative('connected.oid')}
)`;

import { catalogRule } from './catalog-rule.js';

interface Row {
  readonly role: string | null;
  readonly fix: string | null;
}

/** G2: a tenant that is set for the role, the database or the connection is whom every forgotten binding runs as. */
export const presetTenant = catalogRule<Row>({
  name: 'preset-tenant',
  trap: 'G2',
  severity: 'error',
  // Only the settings of the role that logged in are read, not those of a role it became. The value is a tenant's id, so it
  // is compared here and never fetched. Names of settings do not distinguish case.
  sql: `
    with preset as (
      select s.setrole, s.setdatabase
      from pg_db_role_setting s
      cross join lateral unnest(s.setconfig) entry
      where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
        and s.setrole in (0, (select oid from pg_roles where rolname = session_user))
        and lower(split_part(entry, '=', 1)) = lower($1)
        and substr(entry, strpos(entry, '=') + 1) <> ''
    )
    select case setrole when 0 then null else pg_get_userbyid(setrole) end as role,
      case
        when setrole = 0 then format('alter database %I reset ', current_database())
        when setdatabase = 0 then format('alter role %I reset ', pg_get_userbyid(setrole))
        else format('alter role %I in database %I reset ', pg_get_userbyid(setrole), current_database())
      end as fix
    from preset
    union all
    select null, null
    where nullif(current_setting($1, true), '') is not null and not exists (select from preset)`,
  values: ({ setting }) => [setting],
  diagnose: ({ role, fix }, { setting }) => [
    {
      subject: fix === null ? 'connection' : role === null ? 'database' : `role ${role}`,
      message: `"${setting}" has a value on a new connection, so a query that was bound to no tenant runs as that one.`,
      fix:
        fix === null
          ? `remove "${setting}" from the options of the connection and from postgresql.conf`
          : `${fix}${setting}`,
    },
  ],
});

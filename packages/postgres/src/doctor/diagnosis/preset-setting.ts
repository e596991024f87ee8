/**
 * The rows of pg_db_role_setting that give the setting such a value on a new connection, and the beginning of the statement that
 * takes each away; one row without it when the value comes from elsewhere. Only the settings of the role that logged in are
 * read, not those of a role it became. Names of settings do not distinguish case.
 */
export function presetSql(setting: string, condition: string): string {
  return `
    with preset as (
      select s.setrole, s.setdatabase
      from pg_db_role_setting s
      cross join lateral unnest(s.setconfig) entry
      cross join lateral (select substr(entry, strpos(entry, '=') + 1) as value) preset_value
      where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
        and s.setrole in (0, (select oid from pg_roles where rolname = session_user))
        and lower(split_part(entry, '=', 1)) = lower(${setting}) and ${condition}
    )
    select case setrole when 0 then null else pg_get_userbyid(setrole) end as role,
      case
        when setrole = 0 and setdatabase = 0 then 'alter role all reset '
        when setrole = 0 then format('alter database %I reset ', current_database())
        when setdatabase = 0 then format('alter role %I reset ', pg_get_userbyid(setrole))
        else format('alter role %I in database %I reset ', pg_get_userbyid(setrole), current_database())
      end as fix
    from preset
    union all
    select null, null
    from (select current_setting(${setting}, true) as value) now
    where ${condition} and not exists (select from preset)`;
}

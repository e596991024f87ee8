import { catalogRule } from '../diagnosis/catalog-rule.js';
import { presetSql } from '../diagnosis/preset-setting.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row {
  readonly role: string | null;
  readonly fix: string | null;
  /** The function that sets it for its own queries. */
  readonly function: string | null;
}

/** G2: a tenant that is set for the role, the database or the connection is whom every forgotten binding runs as. */
export const presetTenant = catalogRule<Row>({
  name: 'preset-tenant',
  severity: 'error',
  // The value is a tenant's id, so it is compared here and never fetched.
  sql: `
    with recursive ${REACHABLE_ROLES}
    select role, fix, null as function from (${presetSql('$1::text', `value <> ''`)}) preset
    union all
    select null, format('alter %s %I.%I(%s) reset ', case f.prokind when 'p' then 'procedure' else 'function' end,
      s.nspname, f.proname, pg_get_function_identity_arguments(f.oid)), s.nspname || '.' || f.proname
    from pg_proc f
    join pg_namespace s on s.oid = f.pronamespace
    cross join lateral unnest(f.proconfig) entry
    where lower(split_part(entry, '=', 1)) = lower($1::text) and substr(entry, strpos(entry, '=') + 1) <> ''
      and (
        exists (select from reach where has_function_privilege(reach.oid, f.oid, 'EXECUTE'))
        or exists (select from pg_trigger t where t.tgfoid = f.oid)
      )`,
  values: ({ setting }) => [setting],
  diagnose: ({ role, fix, ...row }, { setting }) => [
    {
      subject:
        row.function !== null
          ? `function ${row.function}`
          : fix === null
            ? 'connection'
            : role === null
              ? 'database'
              : `role ${role}`,
      message:
        row.function === null
          ? `"${setting}" has a value on a new connection, so a query that was bound to no tenant runs as that one.`
          : `the function sets "${setting}" for itself, so whoever calls it reads and writes the rows of that tenant.`,
      fix:
        fix === null
          ? `remove "${setting}" from the options of the connection and from postgresql.conf`
          : `${fix}${setting}`,
    },
  ],
});

import { catalogRule } from './catalog-rule.js';
import { REACHABLE_ROLES } from './reachable-roles.js';
import { IS_EXAMINED, unexamined } from './relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly owner: string;
}

/** G8: a SECURITY DEFINER function reads and writes as its owner, to whom the policies may not apply. */
export const securityDefiner = catalogRule<Row>({
  name: 'security-definer',
  trap: 'G8',
  severity: 'advice',
  // A trigger runs its function without asking whether the role may execute it.
  sql: `
    with recursive ${REACHABLE_ROLES},
    exempt(oid) as (
      select oid from pg_roles where rolsuper or rolbypassrls
      union
      select c.relowner
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relforcerowsecurity and ${IS_EXAMINED}
    )
    select s.nspname || '.' || f.proname || '(' || pg_get_function_identity_arguments(f.oid) || ')' as subject,
      case f.prokind when 'p' then 'procedure' else 'function' end ||
        format(' %I.%I(%s)', s.nspname, f.proname, pg_get_function_identity_arguments(f.oid)) as identifier,
      pg_get_userbyid(f.proowner) as owner
    from pg_proc f
    join pg_namespace s on s.oid = f.pronamespace
    where f.prosecdef and s.nspname not in ('pg_catalog', 'information_schema') and f.proowner in (select oid from exempt)
      and (
        exists (select from reach where has_function_privilege(reach.oid, f.oid, 'EXECUTE'))
        or exists (
          select from pg_trigger t
          join pg_class c on c.oid = t.tgrelid
          join pg_namespace n on n.oid = c.relnamespace
          where t.tgfoid = f.oid and n.nspname = any($1::text[])
        )
      )`,
  values: (options) => [options.schemas, unexamined(options)],
  diagnose: ({ subject, identifier, owner }) => [
    {
      subject,
      message: `the function runs as ${owner}, to whom policies do not apply, so it reads and writes the rows of every tenant.`,
      fix: `alter ${identifier} security invoker`,
    },
  ],
});

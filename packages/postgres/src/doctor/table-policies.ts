import { catalogRule, type Diagnosis } from './catalog-rule.js';
import { type CatalogPolicy, policyFault } from './policy-fault.js';
import { policyRepair } from './policy-repair.js';
import { IS_REACHABLE_RELATION, REACHABLE_ROLES } from './reachable-roles.js';
import { IS_EXAMINED, LEDGER, RELATION_NAMES } from './relations.js';
import { unheldPolicies } from './unheld-policies.js';

/** A table that the application can reach and that is not shared. */
export interface ReachableTable {
  readonly subject: string;
  readonly identifier: string;
  readonly foreign: boolean;
  readonly enabled: boolean;
  readonly forced: boolean;
  /** The type of the column that is called `tenantColumn`, when there is one. */
  readonly type: string | null;
  readonly policies: readonly CatalogPolicy[];
}

/** G1, G3, G7: every table that the application can reach is held to one tenant by its policies, or is listed as shared. */
export const tablePolicies = catalogRule<ReachableTable>({
  name: 'table-policies',
  trap: 'G7',
  severity: 'error',
  // A policy counts when the application can become a role that it names. PostgreSQL's own functions and operators have no
  // entry in pg_depend, so every entry that is not a column of the table is somebody's own.
  sql: `
    with recursive ${REACHABLE_ROLES}
    select ${RELATION_NAMES}, c.relkind = 'f' as foreign, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
      (
        select ${typeOf('a')} from pg_attribute a
        where a.attrelid = c.oid and a.attname = $3 and a.attnum > 0 and not a.attisdropped
      ) as type,
      coalesce((
        select json_agg(json_build_object(
          'name', p.polname,
          'identifier', quote_ident(p.polname),
          'permissive', p.polpermissive,
          'roles', (
            select json_agg(case role when 0 then 'public' else quote_ident(pg_get_userbyid(role)) end)
            from unnest(p.polroles) role
          ),
          'command', p.polcmd,
          'using', pg_get_expr(p.polqual, p.polrelid),
          'check', pg_get_expr(p.polwithcheck, p.polrelid),
          'columns', coalesce(uses.columns, '[]'),
          'foreign', coalesce(uses.foreign, false),
          'volatile', coalesce(uses.volatile, false)
        ) order by p.polname)
        from pg_policy p
        left join lateral (
          select
            json_agg(json_build_object(
              'name', a.attname, 'type', ${typeOf('a')}, 'deterministic', coalesce(l.collisdeterministic, true)
            ) order by a.attnum) filter (where a.attnum is not null) as columns,
            bool_or(d.refclassid <> 'pg_class'::regclass or d.refobjid <> c.oid) as foreign,
            bool_or(f.provolatile = 'v') as volatile
          from pg_depend d
          left join pg_attribute a
            on d.refclassid = 'pg_class'::regclass and a.attrelid = d.refobjid and a.attnum = d.refobjsubid and d.refobjid = c.oid
          left join pg_collation l on l.oid = a.attcollation
          left join pg_proc f on d.refclassid = 'pg_proc'::regclass and f.oid = d.refobjid
          where d.classid = 'pg_policy'::regclass and d.objid = p.oid
        ) uses on true
        where p.polrelid = c.oid and p.polroles && (select array_agg(oid) || 0::oid from reach)
      ), '[]') as policies
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f') and ${IS_EXAMINED} and n.nspname || '.' || c.relname <> '${LEDGER}'
      and ${IS_REACHABLE_RELATION}`,
  values: ({ schemas, shared, tenantColumn }) => [schemas, shared, tenantColumn],
  diagnose(table, { setting, tenantColumn }): Diagnosis[] {
    const unheld = table.foreign ? [] : unheldPolicies(table.policies, setting);
    const faults = table.foreign
      ? ['a foreign table cannot have policies']
      : [
          ...(table.enabled ? [] : ['row-level security is not enabled']),
          ...(table.forced ? [] : ['row-level security is not forced, so it does not apply to the owner']),
          ...(table.enabled || table.policies.length > 0 ? [] : ['it has no policy']),
          ...unheld.map((policy) => `the policy ${policy.name} ${policyFault(policy, setting)}`),
        ];
    if (faults.length === 0) return [];
    return [
      {
        subject: table.subject,
        message: `the table can be reached by the application and does not hold tenants apart: ${faults.join('; ')}.`,
        fix: policyRepair(table, unheld, setting, tenantColumn),
      },
    ];
  },
});

/** Without the length, as `TenantColumnType` has it. A domain keeps its own name: it may be over any type. */
function typeOf(attribute: string): string {
  return `replace(format_type(${attribute}.atttypid, null), 'character varying', 'varchar')`;
}

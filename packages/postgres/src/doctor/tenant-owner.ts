import { catalogRule, type Diagnosis } from './catalog-rule.js';
import { CONNECT_AS } from './connected-role.js';
import { REACHABLE_ROLES } from './reachable-roles.js';
import { IS_EXAMINED, RELATION_NAMES, unexamined } from './relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly owner: string;
  /** The statement after which the application cannot act as the owner; null when it is connected as the owner. */
  readonly leave: string | null;
}

const owned = (condition: string) => `
  with recursive ${REACHABLE_ROLES}
  select ${RELATION_NAMES}, pg_get_userbyid(c.relowner) as owner,
    case when pg_get_userbyid(c.relowner) not in (current_user, session_user) then format('revoke %I from %s',
      pg_get_userbyid(c.relowner), (
        select string_agg(quote_ident(pg_get_userbyid(m.member)), ', ' order by m.member)
        from pg_auth_members m
        where m.roleid = c.relowner and m.member in (select oid from reach)
      )
    ) end as leave
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and ${IS_EXAMINED}
    and c.relowner in (select oid from reach) and ${condition}`;

/** G1: policies do not apply to the owner of a table, unless they are forced. */
export const tableOwner = catalogRule<Row>({
  name: 'table-owner',
  trap: 'G1',
  severity: 'error',
  sql: owned('not c.relforcerowsecurity'),
  values: (options) => [options.schemas, unexamined(options)],
  diagnose: (row): Diagnosis[] => [
    {
      subject: row.subject,
      message: `the application can act as ${row.owner}, which owns this table; its policies do not apply to the owner.`,
      fix: `alter table ${row.identifier} force row level security`,
    },
  ],
});

/** G1: forced policies apply to the owner as well, who can still switch them off. */
export const forcedOwner = catalogRule<Row>({
  name: 'forced-owner',
  trap: 'G1',
  severity: 'advice',
  sql: owned('c.relforcerowsecurity'),
  values: (options) => [options.schemas, unexamined(options)],
  diagnose: (row): Diagnosis[] => [
    {
      subject: row.subject,
      message:
        `the application can act as ${row.owner}, which owns this table. The policies are forced on it, but one statement ` +
        '(ALTER TABLE … DISABLE ROW LEVEL SECURITY) of an injected query takes them away for every tenant.',
      fix: row.leave ?? CONNECT_AS,
    },
  ],
});

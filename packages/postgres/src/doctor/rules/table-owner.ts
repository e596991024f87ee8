import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { CONNECT_AS, CONNECTED_ADMINISTRATOR } from '../diagnosis/connected-role.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { IS_EXAMINED_ANYWHERE, RELATION_NAMES, unexamined } from '../diagnosis/relations.js';

interface Row {
  readonly subject: string;
  readonly owner: string;
  readonly forced: boolean;
  /** The statement after which the application cannot act as the owner; null when it is the owner, or administers. */
  readonly leave: string | null;
}

/** G1: policies do not apply to the owner of a table unless they are forced, and the owner can switch them off. */
export const tableOwner = catalogRule<Row>({
  name: 'table-owner',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select ${RELATION_NAMES}, pg_get_userbyid(c.relowner) as owner, c.relforcerowsecurity as forced,
      case when pg_get_userbyid(c.relowner) not in (current_user, session_user) and not ${CONNECTED_ADMINISTRATOR} then
        format('revoke %I from ', pg_get_userbyid(c.relowner)) || (
          select string_agg(quote_ident(pg_get_userbyid(m.member)), ', ' order by m.member)
          from pg_auth_members m
          where m.roleid = c.relowner and m.member in (select oid from reach)
        )
      end as leave
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and ${IS_EXAMINED_ANYWHERE} and c.relowner in (select oid from reach)`,
  values: (options) => [options.schemas, unexamined(options), options.tenantColumn],
  diagnose: ({ subject, owner, forced, leave }): Diagnosis[] => [
    {
      subject,
      message: forced
        ? `the application can act as ${owner}, which owns this table. The policies are forced on it, but one statement ` +
          '(ALTER TABLE … DISABLE ROW LEVEL SECURITY) takes them away for every tenant.'
        : `the application can act as ${owner}, which owns this table; its policies do not apply to the owner.`,
      fix: leave ?? CONNECT_AS,
    },
  ],
});

import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, grantedPrivileges, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { LEDGER } from '../diagnosis/relations.js';

type Row = Grantees;

const PRIVILEGES = ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'];

/** G1: who can write the record of migrations decides which of them, such as the one that adds the policies, still run. */
export const ledger = catalogRule<Row>({
  name: 'ledger',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select grantees, connected, memberships, delegated
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (${grantedPrivileges('c', PRIVILEGES)}) granted
    where n.nspname || '.' || c.relname = '${LEDGER}' and c.relkind = 'r' and privileges is not null`,
  diagnose: (granted) =>
    revocations(granted, `revoke ${PRIVILEGES.join(', ').toLowerCase()} on ${LEDGER}`).map((fix) => ({
      subject: LEDGER,
      message: 'the application may write the record of migrations, which decides what the next ones change.',
      fix,
    })),
});

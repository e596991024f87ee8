import { catalogRule } from './catalog-rule.js';
import { grantedPrivileges } from './granted-privileges.js';
import { REACHABLE_ROLES } from './reachable-roles.js';
import { LEDGER } from './relations.js';

interface Row {
  readonly grantees: string;
}

const PRIVILEGES = ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'];

/** G1: who can write the record of migrations decides which of them, such as the one that adds the policies, still run. */
export const ledger = catalogRule<Row>({
  name: 'ledger',
  trap: 'G1',
  severity: 'advice',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select grantees
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (${grantedPrivileges('c', PRIVILEGES)}) granted
    where n.nspname || '.' || c.relname = '${LEDGER}' and c.relkind = 'r' and privileges is not null`,
  diagnose: ({ grantees }) => [
    {
      subject: LEDGER,
      message: 'the application may write the record of migrations, which decides what the next ones change.',
      fix: `revoke ${PRIVILEGES.join(', ').toLowerCase()} on ${LEDGER} from ${grantees}`,
    },
  ],
});

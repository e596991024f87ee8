import { catalogRule } from './catalog-rule.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from './granted-privileges.js';
import { REACHABLE_ROLES } from './reachable-roles.js';

interface Row extends Grantees {
  readonly function: string;
}

/** G7: the rows of every tenant lie in the files of the server, which no policy holds. */
export const serverFiles = catalogRule<Row>({
  name: 'server-files',
  trap: 'G7',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select f.oid::regprocedure::text as function, ${granteesOf('f.proowner')}
    from pg_proc f
    cross join lateral aclexplode(f.proacl) acl
    where f.pronamespace = 'pg_catalog'::regnamespace
      and f.proname in ('pg_read_file', 'pg_read_binary_file', 'lo_import', 'lo_export')
      and acl.grantee <> f.proowner and ${IS_GRANTED}
    group by f.oid, f.proowner`,
  diagnose: ({ function: name, ...granted }) =>
    revocations(granted, `revoke execute on function ${name}`).map((fix) => ({
      subject: name,
      message: 'the application may read or write files of the server, among which are the tables of every tenant.',
      fix,
    })),
});

import { catalogRule } from './catalog-rule.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from './granted-privileges.js';
import { REACHABLE_ROLES } from './reachable-roles.js';

interface Row extends Grantees {
  readonly function: string;
  readonly connects: boolean;
}

/** G7: the rows of every tenant lie in the files of the server, which no policy holds; nor whom it connects to itself as. */
export const serverFiles = catalogRule<Row>({
  name: 'server-files',
  trap: 'G7',
  severity: 'error',
  sql: `
    with recursive ${REACHABLE_ROLES}
    select f.oid::regprocedure::text as function, f.proname = 'dblink_connect_u' as connects, ${granteesOf('f.proowner')}
    from pg_proc f
    cross join lateral aclexplode(f.proacl) acl
    where (
        (f.pronamespace = 'pg_catalog'::regnamespace and f.proname in ('pg_read_file', 'pg_read_binary_file', 'lo_import', 'lo_export'))
        or (f.proname = 'dblink_connect_u' and exists (
          select from pg_depend d
          join pg_extension e on d.refclassid = 'pg_extension'::regclass and e.oid = d.refobjid and e.extname = 'dblink'
          where d.classid = 'pg_proc'::regclass and d.objid = f.oid
        ))
      )
      and acl.grantee <> f.proowner and ${IS_GRANTED}
    group by f.oid, f.proowner`,
  diagnose: ({ function: name, connects, ...granted }) =>
    revocations(granted, `revoke execute on function ${name}`).map((fix) => ({
      subject: name,
      message: connects
        ? 'the application may connect, without a password, as whomever the server lets in from its own machine, a superuser too, whom no policy holds.'
        : 'the application may read or write files of the server, among which are the tables of every tenant.',
      fix,
    })),
});

import { catalogRule, type Diagnosis } from '../diagnosis/catalog-rule.js';
import { type Grantees, granteesOf, IS_GRANTED, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';

interface Row extends Grantees {
  readonly function: string;
  readonly connects: boolean;
}

const isOfExtension = (extension: string, names: string) => `(f.proname ~ '^(${names})$' and exists (
  select from pg_depend d
  join pg_extension e on d.refclassid = 'pg_extension'::regclass and e.oid = d.refobjid and e.extname = '${extension}'
  where d.classid = 'pg_proc'::regclass and d.objid = f.oid
))`;

/** The functions that fulfil one of the conditions and that the application was granted. None of them is everybody's from the start. */
const granted = (...conditions: string[]) => `
  with recursive ${REACHABLE_ROLES}
  select f.oid::regprocedure::text as function, f.proname = 'dblink_connect_u' as connects, ${granteesOf('f.proowner')}
  from pg_proc f
  cross join lateral aclexplode(f.proacl) acl
  where (${conditions.join(' or ')}) and acl.grantee <> f.proowner and ${IS_GRANTED}
  group by f.oid, f.proowner`;

const isOfServer = (names: string) => `(f.pronamespace = 'pg_catalog'::regnamespace and f.proname ~ '^(${names})$')`;

const revoked = (row: Row, message: string): Diagnosis[] =>
  revocations(row, `revoke execute on function ${row.function}`).map((fix) => ({
    subject: row.function,
    message,
    fix,
  }));

/** G7: the rows of every tenant lie in the files of the server, which no policy holds; nor whom it connects to itself as. */
export const serverFiles = catalogRule<Row>({
  name: 'server-files',
  severity: 'error',
  sql: granted(
    isOfServer('pg_read_file|pg_read_binary_file|lo_import|lo_export'),
    isOfExtension('dblink', 'dblink_connect_u'),
    isOfExtension('adminpack', 'pg_file_(read|write|rename|unlink)'),
    isOfExtension('pg_walinspect', 'pg_get_wal_(block|fpi)_info'),
  ),
  diagnose: (row) =>
    revoked(
      row,
      row.connects
        ? 'the application may connect, without a password, as whomever the server lets in from its own machine, a superuser too, whom no policy holds.'
        : 'the application may read or write files of the server, among which are the tables of every tenant.',
    ),
});

/** G7: names and sizes of files grow with every tenant's rows, and show none of them. */
export const fileListings = catalogRule<Row>({
  name: 'file-listings',
  severity: 'advice',
  sql: granted(isOfServer('pg_ls_\\w*dir|pg_stat_file'), isOfExtension('adminpack', 'pg_logdir_ls|pg_file_length')),
  diagnose: (row) =>
    revoked(row, 'the application may list files of the server, whose names and sizes tell what all tenants do.'),
});

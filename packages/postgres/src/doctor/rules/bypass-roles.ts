import { catalogRule } from '../diagnosis/catalog-rule.js';

interface Row {
  readonly role: string;
  readonly attributes: readonly string[];
}

/** G8: backups, replication and administration read every tenant's rows; who can do so should be known. */
export const bypassRoles = catalogRule<Row>({
  name: 'bypass-roles',
  severity: 'advice',
  // Role 10 is the superuser that every cluster has.
  sql: `
    select r.rolname as role, attributes
    from pg_roles r
    cross join lateral array_remove(array[
      case when r.rolsuper then 'SUPERUSER' end,
      case when r.rolbypassrls then 'BYPASSRLS' end,
      case when r.rolreplication then 'REPLICATION' end
    ], null) attributes
    where r.rolcanlogin and r.oid <> 10 and attributes <> '{}'`,
  diagnose: ({ role, attributes }) => [
    {
      subject: `role ${role}`,
      message: `this role has ${attributes.join(' and ')} and can log in: it reads the rows of every tenant.`,
      fix: 'keep it for backups, replication and administration, and away from the application; drop it if nobody needs it',
    },
  ],
});

import { catalogRule } from './catalog-rule.js';
import { presetSql } from './role-settings.js';

interface Row {
  readonly role: string | null;
  readonly fix: string | null;
}

/** G2: a tenant that is set for the role, the database or the connection is whom every forgotten binding runs as. */
export const presetTenant = catalogRule<Row>({
  name: 'preset-tenant',
  trap: 'G2',
  severity: 'error',
  // The value is a tenant's id, so it is compared here and never fetched.
  sql: presetSql('$1::text', `value <> ''`),
  values: ({ setting }) => [setting],
  diagnose: ({ role, fix }, { setting }) => [
    {
      subject: fix === null ? 'connection' : role === null ? 'database' : `role ${role}`,
      message: `"${setting}" has a value on a new connection, so a query that was bound to no tenant runs as that one.`,
      fix:
        fix === null
          ? `remove "${setting}" from the options of the connection and from postgresql.conf`
          : `${fix}${setting}`,
    },
  ],
});

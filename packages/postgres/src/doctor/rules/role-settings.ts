import { catalogRule } from '../diagnosis/catalog-rule.js';
import { presetSql } from '../diagnosis/preset-setting.js';

interface Row {
  readonly role: string | null;
  readonly fix: string | null;
}

/**
 * G1: with `row_security` off PostgreSQL refuses every query of a table with policies. Any role may set it for itself, and so
 * may one tenant for all, who are one role; a right that would refuse that does not exist.
 */
export const roleSettings = catalogRule<Row>({
  name: 'role-settings',
  severity: 'error',
  sql: presetSql(`'row_security'`, `lower(value) in ('off', 'false', 'no', '0', 'f', 'n', 'of', 'fa', 'fal', 'fals')`),
  diagnose: ({ role, fix }) => [
    {
      subject: fix === null ? 'connection' : role === null ? 'database' : `role ${role}`,
      message:
        '"row_security" is off on a new connection, so PostgreSQL refuses every query of a table with policies. A tenant ' +
        'that can run SQL of its own can have set this, for all.',
      fix: fix === null ? 'remove "row_security" from the options of the connection' : `${fix}row_security`,
    },
  ],
});

import { catalogRule } from '../diagnosis/catalog-rule.js';
import { type Grantees, grantedPrivileges, revocations } from '../diagnosis/granted-privileges.js';
import { REACHABLE_ROLES } from '../diagnosis/reachable-roles.js';
import { IS_EXAMINED, RELATION_NAMES, unexamined } from '../diagnosis/relations.js';

interface Row extends Grantees {
  readonly subject: string;
  readonly identifier: string;
  readonly privileges: readonly string[];
}

const holding = (...privileges: string[]) => `
  with recursive ${REACHABLE_ROLES}
  select ${RELATION_NAMES}, privileges, grantees, connected, memberships, delegated
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (${grantedPrivileges('c', privileges)}) granted
  where c.relkind in ('r', 'p', 'f') and ${IS_EXAMINED} and privileges is not null`;

/** G7: `TRUNCATE` ignores row-level security, and empties the table for every tenant. */
export const truncate = catalogRule<Row>({
  name: 'truncate',
  severity: 'error',
  sql: holding('TRUNCATE'),
  values: (options) => [options.schemas, unexamined(options)],
  diagnose: ({ subject, identifier, ...granted }) =>
    revocations(granted, `revoke truncate on ${identifier}`).map((fix) => ({
      subject,
      message:
        "the application may TRUNCATE this table, which ignores row-level security and deletes every tenant's rows.",
      fix,
    })),
});

/**
 * G5, G7: a foreign key of one's own asks whether any tenant's row exists, and a trigger of one's own runs in every tenant's
 * statements. Both need a table or function besides, so this is advice.
 */
export const tablePrivileges = catalogRule<Row>({
  name: 'table-privileges',
  severity: 'advice',
  sql: holding('REFERENCES', 'TRIGGER', 'MAINTAIN'),
  values: (options) => [options.schemas, unexamined(options)],
  diagnose: ({ subject, identifier, privileges, ...granted }) =>
    revocations(granted, `revoke ${privileges.join(', ').toLowerCase()} on ${identifier}`).map((fix) => ({
      subject,
      message:
        `the application holds ${privileges.join(' and ')} on this table, which only migrations need: a foreign key shows ` +
        "whether another tenant's row exists, a trigger runs in every tenant's statements, and maintenance locks every tenant out.",
      fix,
    })),
});

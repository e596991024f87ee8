import { catalogRule, type Diagnosis } from './catalog-rule.js';
import { REACHABLE_ROLES } from './reachable-roles.js';
import { IS_EXAMINED, RELATION_NAMES } from './relations.js';

interface Row {
  readonly subject: string;
  readonly identifier: string;
  readonly owner: string;
}

const owned = (condition: string) => `
  with recursive ${REACHABLE_ROLES}
  select ${RELATION_NAMES}, pg_get_userbyid(c.relowner) as owner
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and ${IS_EXAMINED}
    and c.relowner in (select oid from reach) and ${condition}`;

/** G1: policies do not apply to the owner of a table, unless they are forced. */
export const tableOwner = catalogRule<Row>({
  name: 'table-owner',
  trap: 'G1',
  severity: 'error',
  sql: owned('not c.relforcerowsecurity'),
  values: ({ schemas, shared }) => [schemas, shared],
  diagnose: (row): Diagnosis[] => [
    {
      subject: row.subject,
      message: `the application can act as ${row.owner}, which owns this table; its policies do not apply to the owner.`,
      fix: `alter table ${row.identifier} force row level security`,
    },
  ],
});

/** G1: forced policies apply to the owner as well, who can still switch them off. */
export const forcedOwner = catalogRule<Row>({
  name: 'forced-owner',
  trap: 'G1',
  severity: 'advice',
  sql: owned('c.relforcerowsecurity'),
  values: ({ schemas, shared }) => [schemas, shared],
  diagnose: (row): Diagnosis[] => [
    {
      subject: row.subject,
      message:
        `the application can act as ${row.owner}, which owns this table. The policies are forced on it, but one statement ` +
        '(ALTER TABLE … DISABLE ROW LEVEL SECURITY) of an injected query takes them away for every tenant.',
      fix: `alter table ${row.identifier} owner to the role that runs the migrations, which the application cannot become`,
    },
  ],
});

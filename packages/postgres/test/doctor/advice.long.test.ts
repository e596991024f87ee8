import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/doctor/diagnosis/rule.js';
import { examine } from '../../src/doctor/examine.js';
import { startRules } from '../../src/doctor/rules.js';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { usePatient } from './patient.js';

const patient = usePatient();

/** Names of roles and tables in the worst case. */
const WEIRD = ' "We ird"\n-- \' ; drop';
const quote = pg.escapeIdentifier;
const OPTIONS = { setting: 'app.tenant_id', schemas: ['public'], shared: ['country'], tenantColumn: 'tenant_id' };

/** Faults of all kinds, on a database whose policies are compiled for the application's role and an administrator's. */
const faults: readonly (readonly [name: string, sql: (role: string) => string])[] = [
  ['nothing', () => ''],
  ['TRUNCATE for everybody', () => 'grant truncate, references, trigger on job to public'],
  ['all rights for the role', (role) => `grant all on job, country to ${role}`],
  ['temporary tables', (role) => `grant temporary on database ${patient.database} to public, ${role}`],
  ['a schema to create in', (role) => `grant create on schema public to public, ${role}`],
  ['no row-level security', () => 'alter table job disable row level security'],
  ['no force', () => 'alter table job no force row level security'],
  [
    'a table without policies',
    () => `create table ${quote(WEIRD)} (tenant_id text); grant select on ${quote(WEIRD)} to public`,
  ],
  [
    'one with the column in another spelling',
    () => 'create table note ("tenantId" text); grant select on note to public',
  ],
  ['one without the column', () => 'create table tag (name text); grant select on tag to public'],
  [
    'the record of migrations',
    () => 'create table _prisma_migrations (id text); grant all on _prisma_migrations to public',
  ],
  [
    'the own record of migrations',
    () => 'create table tenancy_migrations (id text); grant all on tenancy_migrations to public',
  ],
  [
    'no compiled policies',
    () =>
      'drop policy tenancy_isolation on job; drop policy tenancy_access on job; create policy all_rows on job using (true)',
  ],
  ['a view', () => 'create view titles as select title from job; grant select on titles to public'],
  [
    'a materialised view',
    () => 'create materialized view titles as select title from job; grant select on titles to public',
  ],
  ['row_security off', (role) => `alter role ${role} set row_security = off`],
  ['a tenant for the role', (role) => `alter role ${role} set app.tenant_id = 't_acme'`],
  [
    'a SECURITY DEFINER function',
    () => `create function jobs() returns bigint language sql security definer as 'select count(*) from job'`,
  ],
];

/** The administrating role. */
const KEEPERS = ['superuser', 'owner', 'administrator'] as const;

const connections = ['superuser', 'owner', 'application', 'administrator', 'member of both'] as const;

describe.each(connections)('F17: the advice, connected as the %s, and pasted by a superuser,', (who) => {
  it.each(faults)('ends what it was given for and breaks no role: %s', async (_, sql) => {
    const roles = {
      application: await patient.createRole('', WEIRD),
      administrator: await patient.createRole('', WEIRD),
      owner: await patient.createRole('createrole', WEIRD),
      superuser: await patient.createRole('superuser', WEIRD),
      'member of both': await patient.createRole('', WEIRD),
    };
    await patient.admin.query(`
      ${compilePolicies({ role: roles.application, adminRole: roles.administrator, tables: [{ name: 'job' }], shared: [{ name: 'country' }] }).sql};
      drop policy tenant_isolation on job;
      alter table job owner to ${quote(roles.owner)};
      grant ${quote(roles.owner)}, ${quote(roles.administrator)} to ${quote(roles['member of both'])}`);
    const connected = roles[who];
    await patient.admin.query(
      sql(quote(['superuser', 'owner', 'administrator'].includes(who) ? roles.application : connected)),
    );

    const through = async <T>(role: string, work: (connection: pg.Client) => Promise<T>): Promise<T> => {
      const connection = await patient.connect(role);
      return work(connection).finally(() => connection.end());
    };
    const examined = () => through(connected, (connection) => examine(connection, OPTIONS, startRules));
    const findings = await examined();
    const before = await powers(roles);
    expect(findings.length > 0 || who === 'application', "a role that is not the application's").toBe(true);
    for (const { fix } of findings.filter(isSql)) await patient.admin.query(fix);
    const after = await powers(roles);

    const same = ({ rule, subject }: Finding) => `${rule} ${subject}`;
    const left = (await examined()).map(same);
    for (const finding of findings) {
      if (isSql(finding)) continue;
      expect(finding.fix).toMatch(
        /^(connect as the role that `compilePolicies` creates|add a column|the tenant column is called "tenantId")/,
      );
      // Nobody's name stands in what is only to be read.
      for (const role of Object.values(roles)) expect(finding.fix).not.toContain(role);
    }
    const toldToConnect = new Set(findings.filter((finding) => !isSql(finding)).map(same));
    expect(
      left.filter((finding) => findings.filter(isSql).map(same).includes(finding) && !toldToConnect.has(finding)),
    ).toEqual([]);
    // Who administers keeps what it has, whatever was wrong with the application's role.
    expect(after).toEqual(before);
    // The role that is connected keeps the rows that it is there for.
    if (who === 'application') {
      expect(
        await through(connected, (connection) => patient.as('t_acme', 'select title from job', connection)),
      ).toEqual([{ title: 'acme job' }]);
    }
  });

  const isSql = ({ fix }: Pick<Finding, 'fix' | 'rule'>) => /^(--|alter|revoke|grant|create)/.test(fix);

  async function powers(roles: Readonly<Record<string, string>>) {
    const powers: Record<string, unknown> = {};
    for (const keeper of KEEPERS) {
      const { rows } = await patient.admin.query(
        `select rolsuper, rolbypassrls, rolcreaterole, rolcanlogin,
          has_table_privilege(oid, 'job', 'select, insert') as reads, pg_has_role(oid, $2, 'member') as owns
        from pg_roles where rolname = $1`,
        [roles[keeper], roles['owner']],
      );
      powers[keeper] = rows;
    }
    await patient.admin.query(`set role ${quote(roles['administrator'] ?? '')}`);
    powers['rows of the administrator'] = (await patient.admin.query('select title from job')).rows;
    await patient.admin.query('reset role');
    return powers;
  }
});

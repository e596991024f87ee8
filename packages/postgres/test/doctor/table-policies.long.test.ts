import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { HELD, usePatient } from './patient.js';

const patient = usePatient();

const titles = async () =>
  (await patient.as<{ title: string }>('t_acme', 'select title from job order by title')).map(({ title }) => title);
const policy = (sql: string) => patient.admin.query(`drop policy tenant_isolation on job; ${sql}`);

/** The only finding, whose fix takes it away. */
async function onlyFault(options = {}) {
  const findings = await patient.findings(options);
  expect(findings.map(({ rule }) => rule)).toEqual(['table-policies']);
  const [finding] = findings;
  await patient.admin.query(finding?.fix ?? '');
  expect(await patient.findings(options)).toEqual([]);
  return finding;
}

describe('a table whose policies do not apply', () => {
  it('G7: without row-level security it shows every tenant', async () => {
    await patient.admin.query('alter table job disable row level security');
    expect(await titles()).toEqual(['acme job', 'globex job']);
    expect(await onlyFault()).toMatchObject({
      subject: 'public.job',
      message: expect.stringContaining('not enabled'),
      fix: 'alter table public.job enable row level security, force row level security',
    });
    expect(await titles()).toEqual(['acme job']);
  });

  it('G1: policies that are not forced do not apply to the owner, who is somebody else, so they hold the application', async () => {
    await patient.admin.query('alter table job no force row level security');
    expect(await titles()).toEqual(['acme job']);
    expect(await patient.findings()).toEqual([]);
  });

  it('G7: a join table that nobody classified is open, and is found', async () => {
    await patient.admin.query(
      `create table job_tag (job_id uuid, tag text); grant select on job_tag to ${patient.role}`,
    );
    expect(await patient.findings()).toMatchObject([
      { rule: 'table-policies', subject: 'public.job_tag', fix: expect.stringContaining('add a column tenant_id') },
    ]);
    expect(await patient.findings({ shared: ['country', 'job_tag'] })).toEqual([]);
    expect(await patient.findings({ shared: ['public.country', 'public.job_tag'] })).toEqual([]);
  });

  it('G7: a join table with a tenant column gets row-level security and a policy from the fix', async () => {
    await patient.admin.query(
      `create table "Job Tag" (tenant_id uuid, tag text); grant select on "Job Tag" to ${patient.role}`,
    );
    expect(await onlyFault()).toMatchObject({
      subject: 'public.Job Tag',
      message: expect.stringContaining('no policy'),
    });
  });

  it('G7: one column is enough to reach a table, and so is what is granted to a role it can become', async () => {
    const group = await patient.createRole();
    await patient.admin.query(`
      create table note (tenant_id text, body text);
      grant select (body) on note to ${patient.role};
      create table draft (tenant_id text, body text);
      grant delete on draft to ${group};
      grant ${group} to ${patient.role}`);
    expect((await patient.findings()).map(({ subject }) => subject)).toEqual(['public.draft', 'public.note']);
  });

  it("a table that the application cannot reach is nobody's concern", async () => {
    await patient.admin.query('create table archive (tenant_id text, body text)');
    expect(await patient.findings()).toEqual([]);
  });

  it('G7: a partition that can be reached by its own name has no policies of its parent', async () => {
    await patient.admin.query(`
      create table visit (tenant_id text, at date) partition by range (at);
      create table visit_2026 partition of visit for values from ('2026-01-01') to ('2027-01-01');
      alter table visit enable row level security, force row level security;
      create policy tenant_isolation on visit using (${HELD}) with check (${HELD});
      insert into visit values ('t_acme', '2026-02-01'), ('t_globex', '2026-02-02');
      grant select on visit to ${patient.role}`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant select on visit_2026 to ${patient.role}`);
    expect(await patient.as('t_acme', 'select * from visit')).toHaveLength(1);
    expect(await patient.as('t_acme', 'select * from visit_2026')).toHaveLength(2);
    expect(await onlyFault()).toMatchObject({ subject: 'public.visit_2026' });
    expect(await patient.as('t_acme', 'select * from visit_2026')).toHaveLength(1);
  });

  it('G7: a foreign table cannot have policies', async () => {
    await patient.admin.query(`
      create foreign data wrapper nowhere;
      create server elsewhere foreign data wrapper nowhere;
      create foreign table remote (tenant_id text) server elsewhere;
      grant select on remote to ${patient.role}`);
    const [finding] = await patient.findings();
    expect(finding).toMatchObject({ subject: 'public.remote', message: expect.stringContaining('foreign table') });
    await patient.admin.query('drop foreign data wrapper nowhere cascade');
  });
});

describe('policies that hold the tenant', () => {
  const types = ['text', 'varchar', 'varchar(40)', 'uuid', 'integer', 'bigint'];
  for (const type of types) {
    it(`accepts the condition on a column of type ${type}, and its own fix`, async () => {
      await patient.admin.query(`
        create table note (tenant_id ${type}, body text);
        alter table note enable row level security, force row level security;
        create policy wide_open on note using (true);
        grant select on note to ${patient.role}`);
      expect((await onlyFault())?.message).toContain('the policy wide_open lets every row through');
    });
  }

  it('accepts any column whose condition it is, and quoted names and settings', async () => {
    await patient.admin.query(`
      create table "user" ("user" text);
      alter table "user" enable row level security, force row level security;
      create policy "the tenant's own" on "user" using ("user" = nullif(current_setting('app.tenant_id', true), ''));
      grant select on "user" to ${patient.role}`);
    expect(await patient.findings()).toEqual([]);
  });

  it('accepts any policy beside a restrictive one that holds everybody', async () => {
    await policy(`
      create policy floor on job as restrictive using (${HELD}) with check (${HELD});
      create policy anything on job using (true)`);
    expect(await titles()).toEqual(['acme job']);
    expect(await patient.findings()).toEqual([]);
  });

  it('accepts what compilePolicies writes, run as it is', async () => {
    const admin = await patient.createRole();
    const { sql } = compilePolicies({
      role: patient.role,
      adminRole: admin,
      tables: [{ name: 'job' }, { name: 'note', tenantColumn: 'Owner', type: 'uuid' }],
      shared: [{ name: 'country' }],
      views: [{ name: 'title' }],
      database: patient.database,
    });
    await patient.admin.query('drop policy tenant_isolation on job; alter table job disable row level security');
    await patient.admin.query(
      'create table note ("Owner" uuid, body text); create view title as select title from job',
    );
    await patient.admin.query(sql);
    expect(await titles()).toEqual(['acme job']);
    expect(await patient.as('t_acme', 'select title from title')).toEqual([{ title: 'acme job' }]);
    expect(await patient.findings()).toEqual([]);
  });

  it('accepts restrictive policies that together hold every command, and not three of the four', async () => {
    const [read, add, change, remove] = [
      `create policy f1 on job as restrictive for select using (${HELD})`,
      `create policy f2 on job as restrictive for insert with check (${HELD})`,
      `create policy f3 on job as restrictive for update using (${HELD})`,
      `create policy f4 on job as restrictive for delete using (${HELD})`,
    ];
    await policy(`create policy anything on job using (true); ${read}; ${add}; ${remove}`);
    expect(await patient.findings()).toHaveLength(1);
    await patient.admin.query(change ?? '');
    expect(await patient.findings()).toEqual([]);
  });

  it('accepts a policy per command, and a table with none, which shows nothing', async () => {
    await policy(
      `create policy r on job for select using (${HELD}); create policy a on job for insert with check (${HELD})`,
    );
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('drop policy r on job; drop policy a on job');
    expect(await titles()).toEqual([]);
    expect(await patient.findings()).toEqual([]);
  });

  it('ignores a policy for a role that the application cannot become, until it can', async () => {
    const support = await patient.createRole();
    await patient.admin.query(`create policy support on job for select to ${support} using (true)`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant ${support} to ${patient.role}`);
    expect((await onlyFault())?.message).toContain('the policy support lets every row through');
  });
});

describe('a policy of one role and a right of another', () => {
  /** Planned as the connected role, and run as the other. */
  const seenAs = async (other: string) =>
    (
      await patient.as<{ title: string }>('t_acme', `select title from job where become('${other}') order by title`)
    ).map(({ title }) => title);

  it.each(['is the role of the policy', 'has the right'])(
    'G7: show every tenant where the application becomes the one after it was the other: it %s',
    async (what) => {
      const support = await patient.createRole();
      const [planner, runner] = what === 'has the right' ? [support, patient.role] : [patient.role, support];
      await patient.admin.query(`
        create function become(name text) returns boolean language plpgsql immutable as
          $$ begin perform set_config('role', name, true); return true; end $$;
        alter role ${patient.role} noinherit;
        grant ${support} to ${patient.role};
        revoke all on job from ${patient.role};
        grant select on job to ${runner};
        create policy open on job to ${planner} using (true)`);
      await patient.app.query(`set role ${planner}`);
      await expect(titles()).rejects.toThrow('permission denied');
      expect(await seenAs(runner)).toEqual(['acme job', 'globex job']);
      await patient.app.query('reset role');
      const [finding] = await patient.findings();
      expect(finding).toMatchObject({ rule: 'table-policies', message: expect.stringContaining('the policy open ') });
      await patient.admin.query(finding?.fix ?? '');
      expect(await patient.findings()).toEqual([]);
      const still = patient.app.query(`set role ${planner}`).then(() => seenAs(runner));
      expect(await still.catch(() => [])).not.toContain('globex job');
    },
  );
});

describe('policies that do not hold the tenant', () => {
  const setting = `current_setting('app.tenant_id', true)`;
  const forms: readonly [string, string, string][] = [
    ['true', 'true', 'lets every row through'],
    ['a cast on the column (G3)', `tenant_id::varchar::bpchar = nullif(${setting}, '')::bpchar`, 'casts the column'],
    ['an OR (G3)', `current_setting('app.bypass', true) = 'on' or ${HELD}`, 'has an OR'],
    ['a VOLATILE function (G3)', 'tenant_id = current_tenant()', 'calls a VOLATILE function'],
    ['a function of any kind', 'tenant_id = stable_tenant()', 'does not see into'],
    ['the setting without NULLIF (G2)', `tenant_id = ${setting}`, 'empty setting'],
    ['a tenant written into it', `tenant_id = 't_acme'`, 'does not ask for the setting'],
    ['the word OR only in a literal', `tenant_id = 'a OR b'`, 'does not ask for the setting'],
    ['another setting', `tenant_id = nullif(current_setting('app.tenant', true), '')`, 'another setting'],
    ['the condition as one of two ways in', `(${HELD} and title <> '') or title = ''`, 'has an OR'],
    ['its negation with more', `not (${HELD} and title <> '')`, 'not the condition that is known'],
    [
      'its text in a literal',
      `title = ' AND (tenant_id = NULLIF(' and title <> current_setting('app.tenant_id', true)`,
      'empty setting',
    ],
    [
      'another setting beside it',
      `tenant_id = nullif(current_setting('app.tenantid', true), '') and title <> 'app.tenant_id'`,
      'another setting',
    ],
    [
      "a collation that is not the column's",
      `tenant_id = nullif(${setting}, '') collate loose`,
      'not the condition that is known',
    ],
    ['the wrong way round', `tenant_id <> nullif(${setting}, '')`, 'not the condition that is known'],
    ['another table', `${HELD} and exists (select from country)`, 'not the condition that is known'],
  ];
  for (const [name, condition, fault] of forms) {
    it(`finds ${name}, and never shows its text`, async () => {
      await policy(`
        create function current_tenant() returns text language sql volatile as 'select current_setting(''app.tenant_id'', true)';
        create function stable_tenant() returns text language sql stable as 'select current_setting(''app.tenant_id'', true)';
        create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        create policy tenant_isolation on job using (${condition}) with check (${condition})`);
      const finding = await onlyFault();
      expect(finding?.message).toContain('the policy tenant_isolation ');
      expect(finding?.message).toContain(fault);
      expect(JSON.stringify(finding)).not.toContain('t_acme');
    });
  }

  it.each([
    ['the other way round', `nullif(${setting}, '') = tenant_id`],
    ['with more', `title <> '' and (title <> ')' and ${HELD})`],
    ['in a subselect', `tenant_id = (select nullif(${setting}, ''))`],
    ['the setting in another case', `tenant_id = nullif(current_setting('APP.Tenant_id', true), '')`],
    ['a setting that must be there', `tenant_id = nullif(current_setting('app.tenant_id'), '')`],
  ])('takes the condition %s', async (_, condition) => {
    await policy(`create policy tenant_isolation on job using (${condition}) with check (${condition})`);
    expect(await titles()).toEqual(['acme job']);
    await expect(patient.as('t_acme', `insert into job (tenant_id, title) values ('t_globex', 'x')`)).rejects.toThrow(
      'row-level',
    );
    expect(await patient.findings()).toEqual([]);
  });

  it.each([
    ['uuid', `${'$'}c = ${setting}::uuid`],
    ['uuid', `${'$'}c = (select ${setting})::uuid`],
    ['uuid', `${'$'}c = (select nullif(${setting}, '')::uuid) and tag <> ''`],
    ['bigint', `${setting}::bigint = ${'$'}c`],
    ['varchar(40)', `${'$'}c = (select nullif(${setting}, ''))`],
  ])('takes what an empty setting cannot pass, of the type %s: %s', async (type, condition) => {
    const [acme, globex] =
      type === 'uuid'
        ? ['a', 'b'].map((one) => one.repeat(32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
        : ['1', '2'];
    await patient.admin.query(`
      create table note ("the tenant" ${type}, tag text); insert into note values ('${acme}', 'acme'), ('${globex}', 'globex');
      alter table note enable row level security, force row level security;
      create policy own on note using (${condition.replaceAll('$c', '"the tenant"')}); grant select on note to ${patient.role}`);
    expect(await patient.as(acme ?? '', 'select tag from note')).toEqual([{ tag: 'acme' }]);
    expect(await patient.findings()).toEqual([]);
  });

  it('finds a WITH CHECK that lets a row of another tenant in', async () => {
    await policy(`create policy tenant_isolation on job using (${HELD}) with check (true)`);
    const insert = `insert into job (tenant_id, title) values ('t_globex', 'planted')`;
    await patient.as('t_acme', insert);
    await onlyFault();
    await expect(patient.as('t_acme', insert)).rejects.toThrow('row-level security');
  });

  it('finds a USING that shows every tenant although no row of another can be written', async () => {
    await policy(`create policy tenant_isolation on job using (title <> '') with check (${HELD})`);
    expect(await titles()).toEqual(['acme job', 'globex job']);
    await onlyFault();
    expect(await titles()).toEqual(['acme job']);
  });

  it('finds a second policy, which PostgreSQL adds by OR', async () => {
    await patient.admin.query(`create policy published on job for select using (title <> '')`);
    expect(await titles()).toEqual(['acme job', 'globex job']);
    await onlyFault();
    expect(await titles()).toEqual(['acme job']);
  });

  it('finds policies on two columns, either of which lets a row through', async () => {
    await patient.admin.query(`
      alter table job add column partner_id text default 't_acme';
      create policy partner on job using (partner_id = nullif(${setting}, ''))`);
    expect(await titles()).toEqual(['acme job', 'globex job']);
    expect((await onlyFault())?.message).toContain('another column');
    expect(await titles()).toEqual(['acme job']);
  });

  it('finds a restrictive policy that does not hold every role that a permissive one lets in', async () => {
    const other = await patient.createRole();
    await policy(`
      create policy anything on job to public using (true);
      create policy floor on job as restrictive to ${patient.role} using (${HELD}) with check (${HELD})`);
    await patient.admin.query(`grant select on job to ${other}; grant ${other} to ${patient.role}`);
    expect(await titles()).toEqual(['acme job']);
    await patient.app.query(`set role ${other}`);
    expect(await titles()).toEqual(['acme job', 'globex job']);
    await patient.app.query('reset role');
    for (const { fix } of await patient.find('table-policies')) await patient.admin.query(fix);
    await expect(patient.app.query(`set role ${other}`)).rejects.toThrow('permission denied');
    expect(await titles()).toEqual(['acme job']);
    expect(await patient.find('table-policies')).toEqual([]);
  });

  it('accepts both for the same role: a server without the fix of CVE-2026-116311 lets it lose both, and see nothing', async () => {
    await policy(`
      create policy anything on job to ${patient.role} using (true);
      create policy floor on job as restrictive to ${patient.role} using (${HELD}) with check (${HELD})`);
    expect(await patient.findings()).toEqual([]);
    await patient.app.query('drop owned by current_user');
    expect(['', 'acme job']).toContain((await titles()).join());
  });

  it("F12: accepts a policy for everybody that the role's own holds; where the role may lose only that one, it is advice", async () => {
    await policy(`
      create policy anything on job using (true);
      create policy floor on job as restrictive to ${patient.role} using (${HELD}) with check (${HELD})`);
    expect(await titles()).toEqual(['acme job']);
    const fixed = (await patient.find('server-updates')).length === 0;
    expect(await patient.findings()).toMatchObject(
      fixed
        ? []
        : [{ rule: 'public-policies', severity: 'advice', fix: expect.stringContaining('as restrictive to public') }],
    );
    await patient.app.query('drop owned by current_user');
    expect(await titles()).toEqual(fixed ? ['acme job'] : ['acme job', 'globex job']);
  });

  it("finds a function that only prints like PostgreSQL's own", async () => {
    await patient.admin.query(`
      create function public.current_setting(text, boolean) returns text language sql as $$ select 't_globex' $$;
      set search_path to public, pg_catalog;
      drop policy tenant_isolation on job;
      create policy tenant_isolation on job using (${HELD}) with check (${HELD});
      reset search_path`);
    const connection = await patient.connect();
    await connection.query('set search_path to public, pg_catalog');
    expect(
      (
        await connection.query(
          `select pg_get_expr(polqual, polrelid) as text from pg_policy where polname = 'tenant_isolation'`,
        )
      ).rows,
    ).toEqual([{ text: `(tenant_id = NULLIF(current_setting('app.tenant_id'::text, true), ''::text))` }]);
    expect(await patient.find('table-policies', {}, connection)).toMatchObject([{ subject: 'public.job' }]);
    expect(await patient.find('table-policies')).toMatchObject([{ subject: 'public.job' }]);
  });

  it('finds a column whose collation takes two tenants for one', async () => {
    await patient.admin.query(`
      create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      drop policy tenant_isolation on job;
      alter table job alter column tenant_id type text collate caseless;
      create policy tenant_isolation on job using (${HELD}) with check (${HELD})`);
    expect(await patient.as('T_ACME', 'select title from job')).toEqual([{ title: 'acme job' }]);
    expect(await patient.findings()).toMatchObject([{ message: expect.stringContaining('collation') }]);
  });

  it('finds a type for which no condition keeps the index in use, and says so', async () => {
    await patient.admin.query(`
      create table reading (tenant_id numeric);
      alter table reading enable row level security, force row level security;
      create policy tenant_isolation on reading using (tenant_id = nullif(${setting}, '')::numeric);
      grant select on reading to ${patient.role}`);
    expect(await patient.findings()).toMatchObject([
      { subject: 'public.reading', fix: expect.stringContaining('numeric') },
    ]);
  });
});

describe('classification', () => {
  it('G7: a name that is misspelt is found, in either list', async () => {
    expect(
      await patient.findings({ shared: ['country', 'contry', 'public.cuntry'], schemas: ['public', 'pubic'] }),
    ).toMatchObject([
      { rule: 'classification', severity: 'error', subject: 'contry' },
      { rule: 'classification', subject: 'pubic' },
      { rule: 'classification', subject: 'public.cuntry' },
    ]);
  });

  it("the library's own ledger is no tenant's table, and only the migrations write it", async () => {
    await patient.admin.query(
      `create table tenancy_migrations (name text); grant select on tenancy_migrations to ${patient.role}`,
    );
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant insert on tenancy_migrations to ${patient.role}, public`);
    const findings = await patient.findings();
    expect(findings).toMatchObject([{ rule: 'ledger', severity: 'advice', subject: 'public.tenancy_migrations' }]);
    await patient.admin.query(findings[0]?.fix ?? '');
    expect(await patient.findings()).toEqual([]);
  });

  it('a shared table with the tenant of each row is doubted', async () => {
    expect(await patient.findings({ shared: ['country', 'job'], writable: ['job'] })).toMatchObject([
      { rule: 'shared-tenant-column', severity: 'advice', subject: 'public.job' },
    ]);
  });

  it('a schema that the application can reach and nobody listed is named', async () => {
    await patient.admin.query(`
      create schema billing;
      create table billing.invoice (tenant_id text);
      grant select on billing.invoice to ${patient.role}`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant usage on schema billing to ${patient.role}`);
    expect(await patient.findings()).toMatchObject([
      { rule: 'table-policies', subject: 'billing.invoice' },
      { rule: 'unexamined-schemas', subject: 'schema billing' },
    ]);
    expect(await patient.findings({ schemas: ['public', 'billing'] })).toMatchObject([
      { rule: 'table-policies', subject: 'billing.invoice' },
    ]);
    await patient.admin.query('drop schema billing cascade');
  });
});

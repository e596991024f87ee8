import { describe, expect, it } from 'vitest';
import type { RuleName } from '../../src/doctor/diagnosis/rule.js';
import { HELD, usePatient } from './patient.js';

const patient = usePatient();

const seen = async (relation: string) =>
  (await patient.as<{ title: string }>('t_acme', `select title from ${relation} order by title`)).map(
    ({ title }) => title,
  );

/** The only finding, whose fix takes it away. */
async function onlyFault(rule: RuleName) {
  const findings = await patient.findings();
  expect(findings.map((finding) => finding.rule)).toEqual([rule]);
  await patient.admin.query(findings[0]?.fix ?? '');
  expect(await patient.findings()).toEqual([]);
  return findings[0];
}

describe('views', () => {
  it('a view of what everybody shares, and of such views, may run as its owner while it is read alone', async () => {
    await patient.admin.query(`
      insert into country values ('ch', 'Switzerland');
      create view country_name as select name from country; create view short_name as select left(name, 3) as name from country_name;
      grant select on country_name, short_name to ${patient.role}`);
    expect(await patient.as('t_acme', 'select name from short_name')).toEqual([{ name: 'Swi' }]);
    expect(await patient.findings()).toEqual([]);
    for (const [fault, undo] of [
      [`grant update on country_name to ${patient.role}`, `revoke update on country_name from ${patient.role}`],
      [
        'create or replace view country_name as select name from country union all select title from job',
        'create or replace view country_name as select name from country',
      ],
      ['alter table country enable row level security', 'alter table country disable row level security'],
      ['create table price (n text); create or replace view country_name as select n as name from price', ''],
    ] as const) {
      await patient.admin.query(fault);
      expect((await patient.find('views')).map(({ subject }) => subject)).toContain('public.country_name');
      await patient.admin.query(undo);
    }
    // What is hidden is not everybody's.
    expect(await patient.find('views', { hidden: ['price'] })).toHaveLength(2);
  });

  it('G7: a view shows the rows of every tenant until it runs as its caller', async () => {
    await patient.admin.query(`create view title as select title from job; grant select on title to ${patient.role}`);
    expect(await seen('title')).toEqual(['acme job', 'globex job']);
    expect(await onlyFault('views')).toMatchObject({
      subject: 'public.title',
      fix: 'alter view public.title set (security_invoker = true)',
    });
    expect(await seen('title')).toEqual(['acme job']);
  });

  it('G7: a security barrier does not make a view run as its caller; every spelling of true does', async () => {
    await patient.admin.query(`
      create view title with (security_barrier = true, security_invoker = off) as select title from job;
      grant select on title to ${patient.role}`);
    expect(await seen('title')).toEqual(['acme job', 'globex job']);
    expect(await patient.findings()).toHaveLength(1);
    for (const spelling of ['on', 'yes', '1', 'TRUE']) {
      await patient.admin.query(`alter view title set (security_invoker = ${spelling})`);
      expect(await seen('title')).toEqual(['acme job']);
      expect(await patient.findings()).toEqual([]);
    }
  });

  it('G7: a view that is only written to goes past the policies too', async () => {
    await patient.admin.query(
      `create view entry as select tenant_id, title from job; grant insert on entry to ${patient.role}`,
    );
    await patient.as('t_acme', `insert into entry values ('t_globex', 'planted')`);
    await onlyFault('views');
    await expect(patient.as('t_acme', `insert into entry values ('t_globex', 'planted')`)).rejects.toThrow('row-level');
  });

  it('G7: a materialised view has no policies', async () => {
    await patient.admin.query(
      `create materialized view summary as select title from job; grant select on summary to ${patient.role}`,
    );
    expect(await seen('summary')).toEqual(['acme job', 'globex job']);
    expect(await patient.findings()).toMatchObject([{ rule: 'views', subject: 'public.summary' }]);
    expect(await patient.findings({ shared: ['country', 'summary'] })).toEqual([]);
    await patient.admin.query(`revoke all on summary from ${patient.role}`);
    expect(await patient.findings()).toEqual([]);
  });

  it('a view that is shared, or that the application cannot read, is no fault', async () => {
    await patient.admin.query(`
      create view land as select name from country;
      grant select on land to ${patient.role};
      create view title as select title from job`);
    expect(await patient.findings({ shared: ['country', 'public.land'] })).toEqual([]);
  });
});

describe('truncate and the other privileges', () => {
  it('G7: TRUNCATE deletes the rows of every tenant', async () => {
    await patient.admin.query(`grant truncate on job to ${patient.role}, public`);
    await patient.app.query('begin');
    await patient.app.query('truncate job');
    await patient.app.query('rollback');
    expect(await onlyFault('truncate')).toMatchObject({
      subject: 'public.job',
      severity: 'error',
      fix: `revoke truncate on public.job from ${patient.role}, public`,
    });
    await expect(patient.app.query('truncate job')).rejects.toThrow('permission denied');
  });

  it('G7: TRUNCATE through another role is found', async () => {
    const group = await patient.createRole();
    await patient.admin.query(`
      grant truncate on job to ${group};
      grant ${group} to ${patient.role}`);
    expect((await onlyFault('truncate'))?.fix).toBe(`revoke truncate on public.job from ${group}`);
  });

  it('G7: what one tenant writes to a shared table that is read-only, every other reads', async () => {
    const group = await patient.createRole();
    await patient.admin.query(`
      create view nation as select * from country; grant select on nation to ${patient.role};
      grant insert (code, name), truncate on country to ${patient.role}; grant delete on country to ${group};
      grant ${group} to ${patient.role}; grant update on nation to public`);
    await patient.app.query(`insert into country values ('XX', 'planted')`);
    const shared = ['country', 'public.nation'];
    const findings = await patient.find('shared-writes', { shared });
    expect(findings).toMatchObject([
      {
        severity: 'advice',
        subject: 'public.country',
        message: expect.stringContaining('may DELETE, INSERT, TRUNCATE'),
        fix: `revoke delete, insert, truncate on public.country from ${[group, patient.role].sort().join(', ')}`,
      },
      { subject: 'public.nation', fix: 'revoke update on public.nation from public' },
    ]);
    expect(await patient.find('shared-writes', { shared, writable: ['public.country', 'nation'] })).toEqual([]);
    expect(await patient.find('shared-writes', { shared, writable: ['nation'] })).toHaveLength(1);
    for (const { fix } of findings) await patient.admin.query(fix);
    expect(await patient.find('shared-writes', { shared })).toEqual([]);
    await expect(patient.app.query(`insert into country values ('XY', 'x')`)).rejects.toThrow('permission denied');
    await expect(patient.app.query('delete from country')).rejects.toThrow('permission denied');
    expect((await patient.app.query('select code from country')).rows).toEqual([{ code: 'XX' }]);
  });

  it('G7: GRANT ALL is TRUNCATE, and REFERENCES, TRIGGER and from PostgreSQL 17 MAINTAIN as advice', async () => {
    const { rows } = await patient.admin.query('show server_version_num');
    const maintain = Number(rows[0].server_version_num) >= 170_000 ? 'maintain, ' : '';
    await patient.admin.query(`grant all on job to ${patient.role}`);
    const findings = await patient.findings();
    expect(findings).toMatchObject([
      { rule: 'truncate', severity: 'error' },
      {
        rule: 'table-privileges',
        severity: 'advice',
        fix: `revoke ${maintain}references, trigger on public.job from ${patient.role}`,
      },
    ]);
    for (const { fix } of findings) await patient.admin.query(fix);
    expect(await patient.findings()).toEqual([]);
  });

  it('G7: a schema that the application may create in takes tables without policies', async () => {
    await patient.admin.query('grant create on schema public to public');
    await patient.app.query('create table stash (title text)');
    await patient.app.query('drop table stash');
    expect(await onlyFault('schema-create')).toMatchObject({ severity: 'advice', subject: 'schema public' });
    await expect(patient.app.query('create table stash (title text)')).rejects.toThrow('permission denied');
  });
});

describe('what runs as somebody else', () => {
  const definer = `create function count_jobs(minimum int) returns bigint language sql security definer
    as 'select count(*) from job'`;

  it('G8: a SECURITY DEFINER function reads the rows of every tenant', async () => {
    await patient.admin.query(definer);
    expect(await patient.as('t_acme', 'select count_jobs(0)')).toEqual([{ count_jobs: '2' }]);
    expect(await onlyFault('security-definer')).toMatchObject({
      severity: 'advice',
      subject: 'public.count_jobs(minimum integer)',
      fix: 'alter function public.count_jobs(minimum integer) security invoker',
    });
    expect(await patient.as('t_acme', 'select count_jobs(0)')).toEqual([{ count_jobs: '1' }]);
  });

  it('G8: one whose owner is held by the policies, or that the application may not execute, is no fault', async () => {
    const owner = await patient.createRole();
    await patient.admin.query(
      `${definer}; alter function count_jobs owner to ${owner}; grant select on job to ${owner}`,
    );
    expect(await patient.as('t_acme', 'select count_jobs(0)')).toEqual([{ count_jobs: '1' }]);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('alter function count_jobs owner to current_user');
    await patient.admin.query('revoke execute on function count_jobs from public');
    expect(await patient.findings()).toEqual([]);
  });

  it('G8: the owner of tables whose policies are not forced is not held by them', async () => {
    const owner = await patient.createRole();
    await patient.admin.query(`
      ${definer};
      alter table job owner to ${owner};
      alter table job no force row level security;
      alter function count_jobs owner to ${owner}`);
    expect(await patient.as('t_acme', 'select count_jobs(0)')).toEqual([{ count_jobs: '2' }]);
    expect(await patient.find('security-definer')).toHaveLength(1);
  });

  it('G8: a trigger runs its function whether or not the role may execute it', async () => {
    await patient.admin.query(`
      create function touch() returns trigger language plpgsql security definer as 'begin return new; end';
      revoke execute on function touch from public;
      create trigger touch before insert on job for each row execute function touch()`);
    expect(await onlyFault('security-definer')).toMatchObject({ subject: 'public.touch()' });
  });

  it('G7: a rule of a table writes as its owner', async () => {
    await patient.admin.query(`
      create table audit (title text);
      create rule "keep it" as on insert to job do also insert into audit values (new.title)`);
    await patient.as('t_acme', `insert into job (tenant_id, title) values ('t_acme', 'x')`);
    await expect(patient.app.query('select * from audit')).rejects.toThrow('permission denied');
    expect(await onlyFault('table-rules')).toMatchObject({ fix: 'drop rule "keep it" on public.job' });
  });

  it("G8: roles that bypass the policies, and publications of tenants' tables, are listed", async () => {
    const [backup, reader] = [await patient.createRole('bypassrls'), await patient.createRole()];
    const listed = (await patient.find('bypass-roles')).map(({ subject }) => subject);
    expect(listed).toContain(`role ${backup}`);
    expect(listed).not.toContain(`role ${reader}`);
    await patient.admin.query(
      'create publication everything for all tables; create publication lands for table country',
    );
    expect(await patient.findings()).toMatchObject([
      {
        rule: 'publications',
        severity: 'advice',
        subject: 'publication everything',
        message: expect.stringContaining(' 1 '),
      },
    ]);
    await patient.admin.query('drop publication everything; drop publication lands');
  });
});

describe('foreign-keys', () => {
  const applications = (reference: string) => `
    create table application (
      tenant_id text not null, id uuid not null default gen_random_uuid(), job_id uuid,
      primary key (tenant_id, id),
      ${reference}
    );
    alter table application enable row level security, force row level security;
    create policy tenant_isolation on application using (${HELD}) with check (${HELD});
    grant select, insert on application to ${patient.role}`;
  const foreign = async () => {
    const { rows } = await patient.admin.query(`select id from job where tenant_id = 't_globex'`);
    return `insert into application (tenant_id, job_id) values ('t_acme', '${rows[0].id}')`;
  };

  it("G5: a tenant's row may point at another's, which the composite key refuses", async () => {
    await patient.admin.query('alter table job add constraint job_id unique (id)');
    await patient.admin.query(
      applications('constraint of_job foreign key (job_id) references job (id) on delete set null'),
    );
    await patient.as('t_acme', await foreign());
    const finding = await onlyFault('foreign-keys');
    expect(finding).toMatchObject({
      subject: 'public.application',
      severity: 'advice',
      fix:
        'alter table public.application drop constraint of_job, ' +
        'add constraint of_job foreign key (tenant_id, job_id) references public.job (tenant_id, id) on delete set null (job_id)',
    });
    await expect(patient.as('t_acme', await foreign())).rejects.toThrow('violates foreign key');
  });

  it('G5: the fix gives the referenced table the key that a composite one needs', async () => {
    await patient.admin.query('alter table job drop constraint job_pkey, add primary key (id)');
    await patient.admin.query(applications('foreign key (job_id) references job'));
    const finding = await onlyFault('foreign-keys');
    expect(finding?.fix).toContain('alter table public.job add unique (tenant_id, id); ');
    await expect(patient.as('t_acme', await foreign())).rejects.toThrow('violates foreign key');
  });

  it("G5: deleting one's own row deletes another tenant's that points at it", async () => {
    await patient.admin.query('alter table job add constraint job_id unique (id)');
    await patient.admin.query(applications('foreign key (job_id) references job (id) on delete cascade'));
    await patient.admin.query(
      `insert into application (tenant_id, job_id) select 't_globex', id from job where tenant_id = 't_acme'`,
    );
    await patient.app.query('begin');
    await patient.app.query(`select set_config('app.tenant_id', 't_acme', true)`);
    await patient.app.query('delete from job');
    await patient.app.query('commit');
    expect((await patient.admin.query('select from application')).rowCount).toBe(0);
    expect(await patient.find('foreign-keys')).toHaveLength(1);
  });

  it('accepts a key that contains the tenant in its place on both sides, and only there', async () => {
    await patient.admin.query(applications('foreign key (tenant_id, job_id) references job (tenant_id, id)'));
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`
      alter table job add column other text, add constraint swapped unique (other, tenant_id);
      alter table application add column other text,
        add foreign key (tenant_id, other) references job (other, tenant_id)`);
    expect(await patient.find('foreign-keys')).toHaveLength(1);
  });

  it('accepts a reference to what every tenant shares, and of the tenant itself to its own row', async () => {
    await patient.admin.query(
      applications('foreign key (tenant_id) references tenant (id)').replace(
        'create table application',
        `create table tenant (id text primary key);
       alter table tenant enable row level security, force row level security;
       create policy own on tenant using (${HELD.replace('tenant_id', 'id')});
       create table application`,
      ),
    );
    await patient.admin.query('alter table application add column country text references country (code)');
    expect(await patient.findings()).toEqual([]);
  });
});

describe('unique-keys', () => {
  it('G6: a unique value of one tenant is refused to the others, until the key has the tenant', async () => {
    await patient.admin.query('alter table job add constraint one_title unique (title)');
    const taken = `insert into job (tenant_id, title) values ('t_acme', 'globex job')`;
    await expect(patient.as('t_acme', taken)).rejects.toThrow('duplicate key');
    expect(await onlyFault('unique-keys')).toMatchObject({
      subject: 'public.job',
      severity: 'advice',
      fix: 'alter table public.job drop constraint one_title, add constraint one_title UNIQUE (tenant_id, title)',
    });
    await patient.as('t_acme', taken);
  });

  it('G6: an index on an expression is mended too, and a tenant that is only included is no part of the key', async () => {
    await patient.admin.query('create unique index by_title on job (tenant_id, lower(title))');
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(
      'drop index by_title; create unique index by_title on job (title) include (tenant_id) where id is not null',
    );
    expect((await onlyFault('unique-keys'))?.fix).toContain('(tenant_id, title) INCLUDE (tenant_id) WHERE');
  });

  it('takes for the tenant the column that the policies hold it by, whatever it is called', async () => {
    await patient.admin.query(`
      create table label (name text, org_id text, tenant_id text, unique (org_id, name));
      alter table label enable row level security, force row level security;
      create policy named on label using (name <> '');
      create policy held on label as restrictive using (${HELD.replace('tenant_id', 'org_id')});
      grant select on label to ${patient.role}`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('alter table label add unique (tenant_id, name)');
    expect((await onlyFault('unique-keys'))?.fix).toContain('(org_id, tenant_id, name)');
  });

  it('G6: an exclusion constraint refuses what another tenant has as well', async () => {
    await patient.admin.query(
      'alter table job add column slot int4range, add constraint no_overlap exclude using gist (slot with &&)',
    );
    expect(await patient.find('unique-keys')).toMatchObject([
      { subject: 'public.job', fix: expect.stringContaining('with =') },
    ]);
  });

  it('leaves out keys that a generator fills', async () => {
    await patient.admin.query(`
      alter table job add column number int generated always as identity unique;
      alter table job add column serial bigserial unique;
      alter table job add constraint job_id unique (id)`);
    expect(await patient.findings()).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { usePatient } from './patient.js';

const patient = usePatient();

const compile = () =>
  compilePolicies({ role: patient.role, tables: [{ name: 'job' }], shared: [{ name: 'country' }] }).sql;
const titles = async () =>
  (await patient.as<{ title: string }>('t_acme', 'select title from job')).map(({ title }) => title);

describe('F4: SECURITY DEFINER', () => {
  const count = (name: string) =>
    `create function ${name}() returns bigint language sql security definer as 'select count(*) from public.job'`;
  const counted = async (call = 'jobs()') =>
    (await patient.as<{ n: string }>('t_acme', `select ${call} as n`)).map(({ n }) => n);

  it('of a role that a policy of its own lets through, by itself or by a role it is in, is found', async () => {
    const [admin, member] = [await patient.createRole(), await patient.createRole()];
    await patient.admin.query(`
      ${compilePolicies({ role: patient.role, adminRole: admin, tables: [{ name: 'job' }], shared: [{ name: 'country' }] }).sql};
      drop policy tenant_isolation on job;
      ${count('jobs')}; ${count('others')};
      grant ${admin} to ${member};
      alter function jobs owner to ${admin}; alter function others owner to ${member}`);
    expect([await counted(), await counted('others()')]).toEqual([['2'], ['2']]);
    const findings = await patient.findings();
    expect(findings).toMatchObject([
      {
        rule: 'security-definer',
        subject: 'public.jobs()',
        message: expect.stringContaining('no policy of public.job holds'),
      },
      { rule: 'security-definer', subject: 'public.others()' },
    ]);
    for (const { fix } of findings) await patient.admin.query(fix);
    expect([await counted(), await counted('others()')]).toEqual([['1'], ['1']]);
    expect(await patient.findings()).toEqual([]);
  });

  it("of a role that a policy for everybody lets through, which the application's own holds, is found", async () => {
    const worker = await patient.createRole();
    await patient.admin.query(`
      ${compile()}; drop policy tenant_isolation on job;
      create policy published on job to public using (title <> ''); alter policy published on job to ${worker}, ${patient.role};
      grant select on job to ${worker};
      ${count('jobs')}; alter function jobs owner to ${worker}`);
    expect([await titles(), await counted()]).toEqual([['acme job'], ['2']]);
    expect(await patient.find('security-definer')).toHaveLength(1);
    expect(await patient.find('table-policies')).toEqual([]);
  });

  it('behind a procedure, an aggregate that anybody may call, and in a schema without use is found', async () => {
    const admin = await patient.createRole();
    await patient.admin.query(`
      create policy everything on job to ${admin} using (true); grant select on job to ${admin};
      create function add_all(bigint, int) returns bigint language sql security definer as 'select count(*) from public.job';
      revoke execute on function add_all from public; grant execute on function add_all to ${admin};
      create aggregate all_jobs(int) (sfunc = add_all, stype = bigint, initcond = '0');
      alter aggregate all_jobs(int) owner to ${admin}; alter function add_all owner to ${admin};
      create schema inner_ones; create function inner_ones.jobs() returns bigint language sql security definer as 'select count(*) from public.job';
      alter function inner_ones.jobs owner to ${admin}`);
    expect(await counted('all_jobs(1)')).toEqual(['2']);
    await expect(patient.as('t_acme', 'select inner_ones.jobs()')).rejects.toThrow('permission denied');
    await patient.admin.query('create view all_titles with (security_invoker = true) as select inner_ones.jobs() as n');
    await patient.admin.query(`grant select on all_titles to ${patient.role}`);
    expect(await patient.as('t_acme', 'select * from all_titles')).toEqual([{ n: '2' }]);
    expect((await patient.findings()).map(({ subject }) => subject)).toEqual([
      'inner_ones.jobs()',
      'public.add_all(bigint, integer)',
    ]);
    await patient.admin.query('drop schema inner_ones cascade');
  });

  it('is found by the one function that sets it off among thousands, in seconds', async () => {
    const [first, last] = [await patient.createRole(), await patient.createRole('bypassrls')];
    await patient.admin.query(`
      do $$ begin
        for i in 1..4000 loop
          execute format('create function step_%s(n int) returns int language sql as ''select n + %s''', i, i);
        end loop;
        for i in 1..300 loop
          execute format('create function sum_%s() returns int language sql security definer as ''select step_%s(1)''', i, i);
          execute format('alter function sum_%s owner to ${first}', i);
        end loop;
      end $$;
      ${count('jobs')}; alter function jobs owner to ${last}; revoke execute on function jobs from public;
      grant select on job to ${last}; grant execute on function jobs to ${first};
      create function outermost() returns bigint language sql security definer as 'select public.Jobs()';
      alter function outermost owner to ${first}`);
    expect(await counted('outermost()')).toEqual(['2']);
    // A body for each name of the catalog took a quarter of a minute.
    await patient.app.query(`set jit = off; set statement_timeout = '8s'`);
    const found = await patient.find('security-definer');
    expect(found.map(({ subject }) => subject)).toEqual(['public.jobs()']);
    expect(found[0]?.message).toContain('public.outermost(), then public.jobs()');
  });

  it('of a role that sees one tenant at a time, or cannot reach the rows, is none', async () => {
    const [held, nobody] = [await patient.createRole(), await patient.createRole()];
    await patient.admin.query(`
      ${count('jobs')}; ${count('others')};
      create policy everything on job to ${nobody} using (true);
      grant select on job to ${held};
      alter function jobs owner to ${held}; alter function others owner to ${nobody}`);
    expect(await counted()).toEqual(['1']);
    await expect(counted('others()')).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
  });

  it('in a schema without use, by a default, a check, a domain, an operator, a cast', async () => {
    await patient.admin.query(`
      create schema inner_ones;
      create function inner_ones.jobs(text) returns text language sql security definer as 'select count(*)::text from public.job';
      create domain slug as text check (inner_ones.jobs(value) is distinct from '2');
      create operator public.#@# (rightarg = text, function = inner_ones.jobs)`);
    expect(await patient.as('t_acme', `select #@# '' as n`)).toEqual([{ n: '2' }]);
    await expect(patient.as('t_acme', `select ''::slug`)).rejects.toThrow('violates check constraint');
    expect(await patient.findings()).toMatchObject([{ rule: 'security-definer', subject: 'inner_ones.jobs(text)' }]);
    await patient.admin.query('revoke execute on function inner_ones.jobs from public');
    await expect(patient.as('t_acme', `select #@# ''`)).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('drop schema inner_ones cascade');
  });

  it('of the owner of the tables, who is held and may empty them, is found', async () => {
    const owner = await patient.createRole();
    await patient.admin.query(`
      create function reset() returns void language sql security definer as 'truncate public.job';
      alter table job owner to ${owner}; alter function reset owner to ${owner}`);
    expect(await patient.findings()).toMatchObject([
      { rule: 'security-definer', message: expect.stringContaining('may TRUNCATE public.job') },
    ]);
    await patient.as('t_acme', 'select reset()');
    for (const { fix } of await patient.findings()) await patient.admin.query(fix);
    await expect(patient.as('t_acme', 'select reset()')).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
  });

  it.each([
    ['view', 'view'],
    ['materialised view', 'materialized view'],
    ['copy without policies', 'table'],
  ])('of a role that reads a %s, in a schema that is not examined, is found', async (_, kind) => {
    const low = await patient.createRole();
    await patient.admin.query(`
      create schema apart; create ${kind} apart.titles as select * from job;
      create view apart.own with (security_invoker) as select * from job;
      grant select on apart.titles, apart.own to ${low};
      create function jobs() returns bigint language sql security definer as 'select count(*) from apart.titles';
      alter function jobs owner to ${low}`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant usage on schema apart to ${low}`);
    expect(await counted()).toEqual(['2']);
    const findings = await patient.findings();
    expect(findings).toMatchObject([
      { rule: 'security-definer', message: expect.stringContaining('no policy of apart.titles holds') },
    ]);
    await patient.admin.query(findings[0]?.fix ?? '');
    await expect(counted()).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query('drop schema apart cascade');
  });

  describe('a chain that ends in a role to whom policies do not apply', () => {
    let held: string;
    let admin: string;
    /** A function of the held role, which alone may run the last of the chain. */
    const begin = async (last: string, ...middle: string[]) => {
      [held, admin] = [await patient.createRole(), await patient.createRole('bypassrls')];
      await patient.admin.query(`
        grant select on job to ${admin}; grant usage on schema public to ${held};
        ${last}; ${middle.join('; ')}`);
    };
    const all = `create function all_jobs() returns bigint language sql security definer as 'select count(*) from public.job'`;
    const lock = () => `
      alter function all_jobs owner to ${admin}; revoke execute on function all_jobs from public;
      grant execute on function all_jobs to ${held}`;

    it.each([
      ['in SQL', `language sql security definer as 'select public.all_jobs()'`],
      ['parsed', 'language sql security definer begin atomic select all_jobs(); end'],
      ['in PL/pgSQL', `language plpgsql security definer as 'begin return (select All_Jobs()); end'`],
      [
        'in a text that it runs',
        `language plpgsql security definer as $$ declare n bigint; begin execute 'select all_jobs()' into n; return n; end $$`,
      ],
    ])('is found by its last link, with the others: %s', async (_, body) => {
      await begin(all, `create function jobs() returns bigint ${body}`);
      await patient.admin.query(`${lock()}; alter function jobs owner to ${held}`);
      await expect(counted('all_jobs()')).rejects.toThrow('permission denied');
      expect(await counted()).toEqual(['2']);
      const [finding, ...more] = await patient.findings();
      expect(more).toEqual([]);
      expect(finding).toMatchObject({
        rule: 'security-definer',
        subject: 'public.all_jobs()',
        message: expect.stringContaining('by way of what names it: public.jobs(), then public.all_jobs().'),
      });
      await patient.admin.query(finding?.fix ?? '');
      await expect(counted()).rejects.toThrow('permission denied');
      expect(await patient.findings()).toEqual([]);
    });

    it('through a function that runs as its caller, and a trigger', async () => {
      await begin(
        `create table outbox (n bigint);
         create function all_jobs() returns trigger language plpgsql security definer as
           'begin new.n = (select count(*) from public.job); return new; end'`,
        'create trigger count before insert on outbox for each row execute function all_jobs()',
        `create function send() returns bigint language sql as 'insert into public.outbox values (0) returning n'`,
        `create function jobs() returns bigint language sql security definer as 'select public.send()'`,
      );
      await patient.admin.query(`
        alter function all_jobs owner to ${admin}; alter function jobs owner to ${held};
        grant insert, select on outbox to ${held}`);
      await expect(counted('send()')).rejects.toThrow('permission denied');
      expect(await counted()).toEqual(['2']);
      expect(await patient.find('security-definer')).toMatchObject([
        { message: expect.stringContaining('public.jobs(), then public.send(), then public.all_jobs().') },
      ]);
    });

    it('is none where the first does not name the last, may not run it, or only has its name inside another', async () => {
      await begin(
        `${all}; create function all_jobs_of_mine() returns bigint language sql as 'select 1::bigint'`,
        `create function jobs() returns bigint language sql security definer as 'select public.all_jobs_of_mine()'`,
      );
      await patient.admin.query(`
        ${lock()}; alter function jobs owner to ${held};
        create function others() returns bigint language plpgsql security definer as 'begin return (select all_jobs()); end';
        alter function others owner to ${await patient.createRole()}`);
      expect(await counted()).toEqual(['1']);
      await expect(counted('others()')).rejects.toThrow('permission denied');
      expect(await patient.findings()).toEqual([]);
    });
  });

  it('that nothing of the application sets off is none', async () => {
    const admin = await patient.createRole('bypassrls');
    await patient.admin.query(`
      create function on_ddl() returns event_trigger language plpgsql security definer as 'begin end';
      create function unused() returns trigger language plpgsql security definer as 'begin return new; end';
      create function on_country() returns trigger language plpgsql security definer as 'begin return new; end';
      create trigger t before insert on country for each row execute function on_country();
      alter function on_ddl owner to ${admin}; alter function unused owner to ${admin}; alter function on_country owner to ${admin}`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant update on country to ${patient.role}`);
    expect(await patient.find('security-definer')).toEqual([]);
    await patient.admin.query(`grant insert (code) on country to ${patient.role}`);
    expect(await patient.find('security-definer')).toMatchObject([{ subject: 'public.on_country()' }]);
  });
});

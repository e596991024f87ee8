import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { forAllTests } from '../database/for-all-tests.js';
import { createPatient, HELD } from './patient.js';

const patient = forAllTests(() => createPatient(inject('postgresUrl')));
let version: number;
beforeAll(async () => {
  const { rows } = await patient.admin.query('show server_version_num');
  version = Number(rows[0].server_version_num);
});
beforeEach(() => patient.heal());

const COUNTS = `update counter set n = n - 1, seen = (select string_agg(title, ', ' order by title) from job)`;
const plpgsql = (body: string) => `create function on_part() returns trigger language plpgsql as $f$ begin
  ${body}; if tg_op = 'DELETE' then return old; end if; return new; end $f$;`;

/** `part` goes with its `job`; `on_part()` is what its trigger runs. */
async function schema({
  action = 'on delete cascade',
  body = COUNTS,
  made = plpgsql(body),
  trigger = 'before delete or update on part for each row',
  owner,
}: {
  readonly action?: string;
  readonly body?: string;
  readonly made?: string;
  readonly trigger?: string;
  readonly owner?: string;
} = {}) {
  await patient.admin.query(`
    create table part (tenant_id text not null, no int not null, job uuid default null, title text, seen text,
      primary key (tenant_id, no), constraint "of job" foreign key (tenant_id, job) references job (tenant_id, id) ${action});
    create table counter (tenant_id text primary key, n int not null, seen text);
    insert into counter values ('t_acme', 1), ('t_globex', 1);
    insert into part (tenant_id, no, job) select tenant_id, 1, id from job;
    ${['part', 'counter']
      .map(
        (table) => `alter table ${table} enable row level security, force row level security;
          create policy tenant_isolation on ${table} using (${HELD}) with check (${HELD});
          grant select, insert, update, delete on ${table} to ${patient.role};`,
      )
      .join('\n')}
    ${made}
    create trigger "on part" ${trigger} execute function on_part();
    ${owner === undefined ? '' : ['part', 'counter', 'job'].map((table) => `alter table ${table} owner to ${owner};`).join('\n')}`);
}

/** The effect of acme's statement on globex's counter, and the jobs of globex that it reads. */
async function leaks(statement: string): Promise<boolean> {
  await patient.app.query('begin');
  try {
    await patient.app.query(`select set_config('app.tenant_id', 't_acme', true)`);
    await patient.app.query(statement);
    const { rows: seen } = await patient.app.query('select seen from counter');
    await patient.app.query(`select set_config('app.tenant_id', 't_globex', true)`);
    const { rows: n } = await patient.app.query('select n from counter');
    return n[0].n !== 1 || String(seen[0].seen).includes('globex');
  } finally {
    await patient.app.query('rollback');
  }
}
const found = (options = {}) => patient.find('cascade-triggers', options);

const actions = [
  ['on delete cascade', 'delete from job'],
  ['on delete set null (job)', 'delete from job'],
  ['on update cascade', 'update job set id = gen_random_uuid()'],
] as const;

describe.each(['a superuser', 'an ordinary role, with forced policies'])('the tables of %s', (who) => {
  const owner = () => (who === 'a superuser' ? undefined : patient.createRole());

  it.each(actions)(
    'a BEFORE trigger that is set off %s runs past the policies: found, and the fix ends it',
    async (action, statement) => {
      const by = await owner();
      await schema({ action, ...(by && { owner: by }) });
      if (by) await patient.admin.query(`grant usage on schema public to ${by}`);
      expect(await leaks(statement)).toBe(true);
      expect(await leaks('delete from part')).toBe(false);
      const findings = await found();
      expect(findings).toMatchObject([
        { subject: 'public.part', severity: 'error', message: expect.stringContaining('its trigger "on part"') },
      ]);
      await patient.admin.query(findings[0]?.fix ?? '');
      expect(await patient.findings()).toEqual([]);
      await expect(leaks(statement)).rejects.toThrow('foreign key');
      const { rows } = await patient.admin.query(
        `select pg_get_constraintdef(oid) as def from pg_constraint where conname = 'of job'`,
      );
      expect(rows).toEqual([{ def: 'FOREIGN KEY (tenant_id, job) REFERENCES job(tenant_id, id)' }]);
    },
  );

  it.each(actions)('an AFTER trigger that is set off %s is found where it leaks', async (action, statement) => {
    const by = await owner();
    await schema({ action, trigger: 'after delete or update on part for each row', ...(by && { owner: by }) });
    if (by) await patient.admin.query(`grant usage on schema public to ${by}`);
    const leaking = await leaks(statement);
    expect(leaking).toBe(version >= 180_000 && by === undefined);
    expect(await found()).toHaveLength(leaking ? 1 : 0);
  });
});

describe('found are', () => {
  it.each<readonly [string, Parameters<typeof schema>[0]]>([
    ['a statement trigger', { trigger: 'before delete on part' }],
    ['dynamic SQL', { body: `execute 'update counter set n = n - 1'` }],
    [
      'what a function that it calls does',
      {
        made: `create function counts() returns void language plpgsql as $f$ begin ${COUNTS}; end $f$; ${plpgsql('perform counts()')}`,
      },
    ],
    [
      'what a trigger of a table does that it writes to',
      {
        made: `create table trail (at text); grant insert on trail to public;
        create function on_trail() returns trigger language plpgsql as $f$ begin ${COUNTS}; return new; end $f$;
        create trigger t before insert on trail for each row execute function on_trail();
        ${plpgsql(`insert into trail values ('x')`)}`,
      },
    ],
    [
      'a statement behind one that only tells',
      { body: `raise notice 'seen' using hint = 'by all'; ${COUNTS}`, action: 'on delete set null (job)' },
    ],
    [
      'a literal that looks like a comment',
      { body: `new.title := '--'; ${COUNTS}`, action: 'on delete set null (job)' },
    ],
  ])('%s', async (_, options) => {
    await schema(options);
    expect(await leaks('delete from job')).toBe(true);
    expect(
      await found({ shared: ['country', 'trail'].slice(0, options?.made?.includes('trail') ? 2 : 1) }),
    ).toHaveLength(1);
  });

  it('a trigger further down, through keys of keys', async () => {
    await schema({ trigger: 'before insert on part for each row' });
    await patient.admin.query(`
      create table screw (tenant_id text, no int, part int, foreign key (tenant_id, part) references part on delete cascade);
      alter table screw enable row level security, force row level security;
      create policy tenant_isolation on screw using (${HELD}) with check (${HELD});
      insert into screw values ('t_acme', 1, 1);
      create trigger "on screw" before delete on screw for each row execute function on_part()`);
    expect(await leaks('delete from job')).toBe(true);
    expect((await found()).map(({ subject }) => subject)).toEqual(['public.screw']);
  });

  it('a trigger on a partition, once, with the key of the whole table in the fix', async () => {
    await schema({ trigger: 'before insert on part for each row' });
    await patient.admin.query(`
      create table bolt (tenant_id text, no int, job uuid, foreign key (tenant_id, job) references job on delete cascade) partition by list (no);
      create table bolt_1 partition of bolt for values in (1);
      alter table bolt enable row level security, force row level security;
      create policy tenant_isolation on bolt using (${HELD}) with check (${HELD});
      insert into bolt select tenant_id, 1, id from job;
      create trigger "on bolt" before delete on bolt_1 for each row execute function on_part()`);
    expect(await leaks('delete from job')).toBe(true);
    const findings = await found();
    expect(findings.map(({ subject }) => subject)).toEqual(['public.bolt']);
    await patient.admin.query(findings[0]?.fix ?? '');
    expect(await found()).toEqual([]);
  });

  it('a check that reads a table', async () => {
    await schema({ action: 'on delete set null (job)', trigger: 'before insert on part for each row' });
    await patient.admin.query(`
      create function fits(int) returns boolean language sql as 'select count(*) < 3 from public.part where no = $1';
      alter table part add constraint fits check (fits(no))`);
    expect(await found()).toMatchObject([{ message: expect.stringContaining('its check fits') }]);
  });
});

describe('nothing is said of', () => {
  it.each<readonly [string, Parameters<typeof schema>[0]]>([
    [
      'a trigger that only changes its row',
      {
        action: 'on delete set null (job)',
        body: `if tg_op = 'UPDATE' and new.title is distinct from old.title then
        new.title := trim(both ' ' from new.title); /* not from job */ new."seen" := now(); -- update
        end if`,
      },
    ],
    [
      'one that records what went',
      {
        made: `create table trail (tenant_id text, what text, year int); alter table trail enable row level security, force row level security;
        create policy tenant_isolation on trail using (${HELD}) with check (${HELD});
        ${plpgsql(`insert into trail values (old.tenant_id, 'update or delete', extract(year from now())) on conflict do nothing`)}`,
      },
    ],
    [
      'one that calls a function that reads nothing',
      {
        action: 'on delete set null (job)',
        made: `create function short(text) returns text language sql immutable as 'select lower(left($1, 9))';
        ${plpgsql('new.title := short(new.title)')}`,
      },
    ],
    [
      'one that refuses, and says why',
      {
        body: `if current_setting('app.closed', true) = 'on' then
        raise exception 'closed, update nothing from here' using errcode = 'TNY99', hint = 'delete it elsewhere'; end if`,
      },
    ],
    ['a key without actions', { action: '' }],
    ['a trigger for what the key does not do', { trigger: 'before update on part for each row' }],
    [
      'a trigger for columns that the key does not change',
      {
        action: 'on delete set null (job)',
        trigger: 'before update of title on part for each row',
      },
    ],
    [
      'a SECURITY DEFINER function of a role that is held',
      { made: plpgsql(COUNTS).replace('plpgsql as', 'plpgsql security definer as') },
    ],
  ])('%s', async (name, options) => {
    await schema(options);
    if (name.includes('DEFINER')) await patient.admin.query(`alter function on_part() owner to ${patient.role}`);
    expect(await leaks('delete from job').catch(() => false)).toBe(false);
    expect(await patient.findings()).toEqual([]);
  });

  it('a trigger that is switched off', async () => {
    await schema();
    await patient.admin.query('alter table part disable trigger "on part"');
    expect(await patient.findings()).toEqual([]);
  });

  it('a table whose rows the application cannot delete, until it can through a view', async () => {
    await schema();
    await patient.admin.query(`revoke delete, update on job from ${patient.role}`);
    expect(await found()).toEqual([]);
    await patient.admin.query(`create view titles as select * from job; grant delete on titles to ${patient.role}`);
    expect(await found()).toHaveLength(1);
  });
});

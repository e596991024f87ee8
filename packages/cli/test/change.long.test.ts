import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

let place: Place;
beforeEach(async () => {
  place = await Place.open();
  await place.file('tenancy.config.json', JSON.stringify({ connection: place.url }));
  await place.client.query(`
    create table company (id bigint primary key, country text not null);
    create table job (id bigint primary key, company_id bigint not null, title text not null, views int not null default 0);
    insert into company values (1, 'eu'), (2, 'us');
    insert into job select n, 1 + n % 2, 'job ' || n, n from generate_series(1, 1000) n`);
});
afterEach(() => place.stop());

const REGION = ['change', 'add-column', '--table', 'job', '--column', 'region', '--type', 'text', '--not-null'];
const REGION_NAME = 'add column "public"."job".region';
const query = async (sql: string) => (await place.client.query(sql)).rows;
/** Everything that a change could leave behind, in a form that is easy to compare. */
const catalog = () =>
  query(`select 'column' as what, attrelid::regclass::text || '.' || attname || ' ' || attnotnull || ' ' || atttypid::regtype as name
      from pg_attribute join pg_class c on c.oid = attrelid where relnamespace = 'public'::regnamespace and attnum > 0
    union all select 'class', relname || relrowsecurity from pg_class where relnamespace = 'public'::regnamespace
    union all select 'trigger', tgname from pg_trigger
    union all select 'function', proname from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'constraint', conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
    union all select 'role', rolname from pg_roles where rolname = 'cli_adopted' order by 1, 2`);

describe('each kind of change', () => {
  it('add-column fills rows that are there, keeps the trigger until drop-trigger, and does nothing again', async () => {
    const first = await place.run([...REGION, '--value', "'eu'"]);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(new RegExp(`^Done: ${REGION_NAME}, \\d steps\\.\n$`));
    expect(first.stderr).toMatch(/^ {2}2 of \d {2}backfill$/m);
    expect(await query('select region, count(*)::int as n from job group by 1')).toEqual([{ region: 'eu', n: 1000 }]);
    expect((await place.run([...REGION, '--value', "'eu'"])).stdout).toBe(`Was done already: ${REGION_NAME}.\n`);
    const triggers = () => query(`select from pg_trigger where tgrelid = 'job'::regclass`);
    expect(await triggers()).toHaveLength(1);
    expect(await place.run('change drop-trigger --table job --column region')).toMatchObject({ code: 0 });
    expect(await triggers()).toHaveLength(0);
  });

  it('create-index, add-foreign-key, change-type, rename-column and finish-rename', async () => {
    for (const args of [
      'change create-index --table public.job --index job_of --columns company_id,title --unique',
      [
        'change',
        'create-index',
        '--table',
        'job',
        '--index',
        'job_low',
        '--expression',
        'lower(title)',
        '--where',
        'id > 5',
      ],
      'change add-foreign-key --table job --constraint job_company --columns company_id --references company --referenced id --on-delete cascade',
      'change change-type --table job --column views --type bigint',
      'change rename-column --table job --from title --to name',
    ]) {
      expect(await place.run(args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Done: /) });
    }
    const [row] = await query(`select
      (select indisunique and indisvalid from pg_index where indexrelid = 'job_of'::regclass) as unique,
      pg_get_indexdef('job_low'::regclass) as low,
      (select pg_get_constraintdef(oid) from pg_constraint where conname = 'job_company' and convalidated) as key,
      (select atttypid::regtype::text from pg_attribute where attrelid = 'job'::regclass and attname = 'views') as type,
      (select count(*)::int from job where name = title) as same`);
    expect(row).toMatchObject({ unique: true, type: 'bigint', same: 1000 });
    expect(row.low).toMatch(/lower\(title\).*WHERE \(id > 5\)/);
    expect(row.key).toMatch(/FOREIGN KEY \(company_id\) REFERENCES company\(id\) ON DELETE CASCADE/);
    expect(await place.run('change finish-rename --table job --from title --to name')).toMatchObject({ code: 0 });
    expect((await query('select * from job limit 1'))[0]).not.toHaveProperty('title');
  });

  it('run makes the changes of a file, in TypeScript and in JSON, and leaves alone what is done', async () => {
    await place.file(
      'changes/region.ts',
      `import { addColumn, createIndex } from '@tenancy/postgres/changes';
const table = { name: 'job' };
export default [
  addColumn({ table, column: 'region', type: 'text', value: "'eu'" }),
  { name: 'by region', change: createIndex({ table, name: 'job_region', columns: ['region'] }) },
];\n`,
    );
    const lines = objects((await place.run('change run changes/region.ts --json')).stdout);
    expect(lines.filter(({ type }) => type === 'result').map(({ name }) => name)).toEqual([REGION_NAME, 'by region']);
    expect((await place.run('change run changes/region.ts')).stdout).toBe(
      `Was done already: ${REGION_NAME}.\nWas done already: by region.\n`,
    );
    const json = { kind: 'add column', table: { name: 'job' }, column: 'zone', type: 'text' };
    await place.file('zone.json', JSON.stringify(json));
    expect(await place.run('change run zone.json')).toMatchObject({ code: 0 });
    await place.file(
      'slip.json',
      JSON.stringify([
        { ...json, column: 'more' },
        { ...json, colum: 'x' },
      ]),
    );
    expect(await place.run('change run slip.json')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('colum'),
    });
    await place.file('no.json', '[{ "kind": "drop table" }]');
    expect(await place.run('change run no.json')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^config_wrong: no\.json, change 1, is no change\./),
    });
    await place.file(
      'late.json',
      JSON.stringify([
        { ...json, column: 'more' },
        { ...json, table: { name: 'nothing' }, column: 'other' },
      ]),
    );
    expect(await place.run('change run late.json')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^change_impossible: .*no table "public"\."nothing"/m),
    });
    // Nothing of a file is begun in which one is wrong.
    expect((await query('select * from job limit 1'))[0]).not.toHaveProperty('more');
  });
});

describe('a dry run', () => {
  it('prints the steps that a run makes, with their locks, and changes nothing at all', async () => {
    const before = await catalog();
    const { code, stdout } = await place.run([...REGION, '--value', "'eu'", '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-- 1 of \d {2}add column: ACCESS EXCLUSIVE$/m);
    expect(stdout).toMatch(/^-- 2 of \d {2}backfill: ROW EXCLUSIVE\nupdate "public"."job"/m);
    const dry = objects((await place.run([...REGION, '--value', "'eu'", '--dry-run', '--json'])).stdout);
    expect(await catalog()).toEqual(before);
    await place.run([...REGION, '--value', "'eu'"]);
    const [made] = await query('select steps from tenancy_changes');
    const [plan] = dry as unknown as readonly { readonly steps: readonly { name: string; sql: readonly string[] }[] }[];
    expect(plan?.steps.map(({ name }) => name)).toEqual(made.steps.map(({ name }: { name: string }) => name));
    for (const [index, { sql }] of (plan?.steps ?? []).entries()) {
      for (const statement of sql) expect(stdout).toContain(`${statement};\n`);
      if (made.steps[index].sql !== undefined) expect(sql).toEqual(made.steps[index].sql);
    }
    expect(await catalog()).not.toEqual(before);
  });
});

describe('a change that is stopped', () => {
  const slow = [...REGION, '--value', "case when pg_sleep(0.005) is null then '' else 'eu' end", '--batch-time', '50'];

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s ends in 1, is seen by status, and goes on', async (signal) => {
    let isSent = false;
    const stopped = await place.run([...slow, '--json'], {
      watch: (child, said) => {
        if (isSent || !said.includes('"filling"')) return;
        isSent = true;
        child.kill(signal);
        child.kill(signal);
      },
    });
    expect(stopped.code).toBe(1);
    expect(objects(stopped.stdout).at(-1)).toMatchObject({ type: 'error', code: 'change_interrupted' });
    const [{ filled }] = await query('select count(region)::int as filled from job');
    expect(filled).toBeGreaterThan(0);
    expect(filled).toBeLessThan(1000);
    const status = await place.run('change status');
    expect(status).toMatchObject({ code: 1, stderr: '' });
    expect(status.stdout).toMatch(/^1 change, 1 not done\n/);
    expect(status.stdout).toContain(REGION_NAME);
    const [change] = objects((await place.run('change status --json')).stdout);
    expect(change).toMatchObject({ type: 'change', name: REGION_NAME, kind: 'add column', isActive: false });
    expect(await place.run([...slow, '--max-share', '100%'])).toMatchObject({ code: 0 });
    expect(await query('select from job where region is null')).toEqual([]);
    expect(await place.run('change status')).toMatchObject({ code: 0, stdout: '1 change, 0 not done\n' });
    expect((await place.run('change status --all')).stdout).toMatch(/ done +\d of \d/);
  });

  it('twice ends at once, and abandon takes it back', async () => {
    let isSent = false;
    // It goes on when it is cancelled, so the first signal cannot end it.
    await place.client.query(`create function stubborn() returns text language plpgsql as $$ begin
      begin perform pg_sleep(100); exception when query_canceled then perform pg_sleep(100); end; return 'eu'; end $$`);
    const before = (await catalog()).filter(({ name }) => !/tenancy_changes|pg\.dropped/.test(name));
    const stuck = [...REGION, '--value', 'stubborn()'];
    const { code } = await place.run(stuck, {
      watch: (child, said) => {
        if (isSent || !said.includes('1 of ')) return;
        isSent = true;
        setTimeout(() => child.kill('SIGINT'), 500);
        setTimeout(() => child.kill('SIGINT'), 2_000);
      },
    });
    expect(code).toBe(130);
    expect(await place.run(['change', 'abandon', REGION_NAME])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Given up: add column "public"."job".region, \d steps? undone\.\n$/),
    });
    expect((await catalog()).filter(({ name }) => !/tenancy_changes|pg\.dropped/.test(name))).toEqual(before);
    expect(await place.run('change status')).toMatchObject({ code: 0 });
    expect(await place.run('change abandon nothing')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^change_unknown: /),
    });
  });

  it('a lock that is not to be had is said while it is waited for, and who holds it at the end', async () => {
    await place.client.query('begin; select from job');
    const { code, stderr } = await place.run([...REGION, '--value', "'eu'", '--give-up-after', '2']);
    await place.client.query('rollback');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {2}waiting for a lock, held by process \d+ \(role /m);
    expect(stderr).toMatch(/^change_blocked: .*process \d+/m);
  });
});

it.each([
  ['change', 'Usage: tenancy change'],
  ['change add-colum', "wrong_use: unknown command 'add-colum'"],
  ['change add-column --table job', "required option '--column <name>' not specified"],
  ['change add-column --table a.b.c --column x --type int', 'Write it as `job` or as `schema.job`'],
  ['change create-index --table job --index x', 'floor_misconfigured: createIndex: a key is made of'],
  ['change create-index --table job --index x --columns a,,b', 'Write the names with commas between'],
  [
    'change add-foreign-key --table job --constraint x --columns a --references b --referenced c --on-delete x',
    'is invalid',
  ],
  ['change run nothing.ts', 'config_unreadable: '],
  ['change run', "missing required argument 'file'"],
  ['change abandon', "missing required argument 'name'"],
  ['change status --lock-timeout 5', "unknown option '--lock-timeout'"],
  ['change add-column --table job --column x --type int --max-share 2', 'Use a number from 0 to 1.'],
])('`tenancy %s` ends in 2, says why, and does nothing', async (args, said) => {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(said);
  expect(await query(`select to_regclass('tenancy_changes') as made`)).toEqual([{ made: null }]);
});

it.each([
  ['change add-column --table nothing --column x --type int', /^change_impossible: .*nothing/m],
  ['change add-column --table job --column title --type int', /^change_impossible: .*"title" already/m],
  ['change add-column --table job --column x --type integr', /^change_impossible: .*integr/m],
  [
    'change add-column --table job --column x --type int --not-null',
    /^change_impossible: .*Give `value` or `default`/m,
  ],
])('`tenancy %s` ends in 1 and says why', async (args, said) => {
  const { code, stderr } = await place.run(args);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) });
});

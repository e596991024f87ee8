import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { objects, Place } from './place.js';

let place: Place;
let role: string;
beforeEach(async () => {
  place = await Place.open();
  role = `cli_adopt_${randomBytes(6).toString('hex')}`;
  await place.file(
    'tenancy.config.json',
    JSON.stringify({
      connection: place.url,
      policies: { role, shared: ['country'] },
      adopt: {
        type: 'bigint',
        tables: [
          { name: 'company', value: 'id' },
          { name: 'job', through: 'company_id' },
        ],
      },
    }),
  );
  await place.client.query(`
    create table country (id text primary key);
    create table company (id bigint primary key, slug text not null unique);
    create table job (id bigint primary key, company_id bigint not null references company);
    insert into company values (1, 'acme'), (2, 'globex');
    insert into job select n, 1 + n % 2 from generate_series(1, 100) n`);
});
afterEach(async () => {
  const { rows } = await place.client.query('select from pg_roles where rolname = $1', [role]);
  if (rows.length > 0) await place.client.query(`drop owned by ${role}; drop role ${role}`);
  await place.stop();
});

const query = async (sql: string) => (await place.client.query(sql)).rows;
const catalog = () =>
  query(`select attrelid::regclass::text || '.' || attname as name from pg_attribute join pg_class c on c.oid = attrelid
      where relnamespace = 'public'::regnamespace and attnum > 0
    union all select polname from pg_policy union all select rolname from pg_roles where rolname = '${role}'
    union all select conname from pg_constraint where connamespace = 'public'::regnamespace order by 1`);

it('goes from stage to stage, with a report of what old code meets and of rows that policies hide', async () => {
  const expand = await place.run('adopt --stage expand');
  expect(expand).toMatchObject({ code: 0 });
  expect(expand.stdout).toContain('Done: add column "public"."company".tenant_id');
  expect(expand.stdout).toContain('The stage expand is done.');
  expect(await query('select from job where tenant_id is distinct from company_id')).toEqual([]);
  const keys = await place.run('adopt --stage keys');
  expect(keys.stdout).toContain('Was done already: add column "public"."company".tenant_id.');
  expect(keys.stdout).toContain('\nWhat old code meets:\n  "public"."company" has the key "company_pkey"');
  expect(keys.stdout).toContain('write "on conflict ("tenant_id", slug)" before.\n');
  const lines = objects((await place.run('adopt --stage observe --json')).stdout);
  expect(lines.filter(({ type }) => type === 'old key').length).toBeGreaterThan(0);
  expect(lines.filter(({ type }) => type === 'observed')).toEqual([
    { type: 'observed', table: { schema: 'public', name: 'company' }, withoutTenant: 0, otherTenant: 0 },
    { type: 'observed', table: { schema: 'public', name: 'job' }, withoutTenant: 0, otherTenant: 0 },
  ]);
  expect(lines.at(-1)).toMatchObject({ type: 'adopted', until: 'observe' });
  const enforce = await place.run('adopt --stage enforce');
  expect(enforce.stdout).toContain('The stage enforce is done.');
  // As long as it is there, the owner's row without a tenant is given away.
  expect(enforce.stdout).toContain(
    '\nTriggers for old code:\n  "public"."company" has a trigger that gives each row without "tenant_id" the tenant of the rule.',
  );
  expect(enforce.stdout).toContain('tenancy change drop-trigger --table public.job --column tenant_id');
  await place.client.query(`begin; set local role ${role}; set local app.tenant_id = '1'`);
  expect(await query('select count(*)::int as jobs from job')).toEqual([{ jobs: 50 }]);
  await place.client.query('rollback');
  expect(await place.run('adopt --stage enforce --drop-old-keys')).toMatchObject({ code: 0 });
  expect(await query(`select from pg_constraint where conname = 'company_slug_key'`)).toEqual([]);
  for (const table of ['public.job', 'public.company']) {
    expect(await place.run(`change drop-trigger --table ${table} --column tenant_id`)).toMatchObject({ code: 0 });
  }
  expect((await place.run('adopt --stage enforce')).stdout).not.toContain('Triggers for old code');
  await expect(query('insert into job values (1000, 1)')).rejects.toThrow(/null value in column "tenant_id"/);
});

it('a dry run prints the SQL of all stages, and changes nothing at all', async () => {
  const before = await catalog();
  const dry = await place.run('adopt --stage enforce --dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing was sent.') });
  for (const line of dry.stdout.split('\n')) expect(line).not.toMatch(/^(What old code|The stage|Done)/);
  const plans = objects((await place.run('adopt --stage enforce --dry-run --json')).stdout).filter(
    ({ type }) => type === 'plan',
  );
  expect(await catalog()).toEqual(before);
  expect(await place.run('adopt --stage enforce')).toMatchObject({ code: 0 });
  const made = await query('select name from tenancy_changes');
  expect(plans.map(({ name }) => name).toSorted()).toEqual(made.map(({ name }) => name).toSorted());
  expect(await catalog()).not.toEqual(before);
});

it('wrong use ends in 2, and a rule that gives no tenant in 1, before anything is done', async () => {
  expect(await place.run('adopt')).toMatchObject({ code: 2, stderr: expect.stringContaining('Say --stage expand') });
  expect(await place.run('adopt --stage all')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is invalid'),
  });
  const config = (name: string, adopt: unknown) =>
    place.file(name, JSON.stringify({ connection: place.url, ...(adopt === undefined ? {} : { adopt }) }));
  await config('none.json', undefined);
  await config('list.json', []);
  await config('slip.json', { tabels: [] });
  await config('roleless.json', { tables: [{ name: 'company', value: 'id' }] });
  for (const [args, said] of [
    ['--config none.json --stage expand', 'config_wrong: it is unknown which rows are whose'],
    ['--config list.json --stage expand', 'config_wrong: `adopt` of the configuration is no object'],
    ['--config slip.json --stage expand', 'floor_misconfigured: adopt'],
    ['--config roleless.json --stage observe', 'floor_misconfigured: adopt: the option `policies`'],
  ] as const) {
    expect(await place.run(`adopt ${args}`)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
  }
  await config('nulls.json', { type: 'bigint', tables: [{ name: 'company', value: 'nullif(id, 2)' }] });
  expect(await place.run('adopt --config nulls.json --stage expand')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^change_impossible: the rule of "public"."company" gives no tenant for 1 of its rows/m,
    ),
  });
  expect(await query(`select to_regclass('tenancy_changes') as made`)).toEqual([{ made: null }]);
});

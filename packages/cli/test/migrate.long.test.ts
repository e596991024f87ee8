import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Outcome, objects, Place } from './place.js';

let place: Place;
beforeEach(async () => {
  place = await Place.open();
});
afterEach(() => place.stop());

const TENANTS = ['acme', 'globex', 'initech', 'umbrella'];
const BROKEN = `do $$ begin
  if current_schema() = 'globex' then raise exception 'globex is different'; end if;
end $$; create table extra (id int)`;

describe('one database', () => {
  beforeEach(async () => {
    await place.file('migrations/0001_job.sql', 'create table job (id int)');
    await place.file('migrations/0002_person.sql', 'create table person (id int)');
    await place.file('tenancy.config.json', JSON.stringify({ connection: place.url, directory: 'migrations' }));
  });

  it('is brought up to date, and then is', async () => {
    const first = await place.run('migrate');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toBe('The database was brought up to date.\nApplied: 0001_job.sql, 0002_person.sql.\n');
    expect(first.stderr).toContain('1 target, 1 to bring up to date');
    expect(await place.run('migrate')).toMatchObject({ code: 0, stdout: 'The database is up to date.\n' });
    expect(await place.tables()).toEqual(['public.job', 'public.person']);
  });

  it('a migration that fails is said with its code and without a stack, and with one where it is asked for', async () => {
    await place.file('migrations/0003_broken.sql', 'alter table nothing add column x int');
    const { code, stdout, stderr } = await place.run('migrate');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^migration_failed: .*0003_broken\.sql.*relation "nothing" does not exist/m);
    expect(stderr).not.toMatch(/^ +at /m);
    expect((await place.run('migrate --verbose')).stderr).toMatch(/^ +at .*caused by: /ms);
    const { stdout: lines } = await place.run('migrate --json');
    expect(objects(lines).at(-1)).toMatchObject({ type: 'error', code: 'migration_failed' });
  });

  it('a dry run prints the SQL that a run sends, and sends nothing of it', async () => {
    const { code, stdout, stderr } = await place.run('migrate --dry-run');
    expect(code).toBe(0);
    expect(stderr).toContain('1 target would be sent this, 0 already up to date. Nothing was sent.');
    expect(await place.tables()).toEqual([]);
    await place.client.query(stdout);
    expect(await place.tables()).toEqual(['public.job', 'public.person']);
    expect((await place.run('migrate verify')).code).toBe(0);
  });

  it('a run waits for another one, for as long as is said', async () => {
    await place.run('migrate');
    await place.file('migrations/0003_more.sql', 'alter table job add column more int');
    await place.client.query('begin; select * from job');
    let others: Promise<readonly [Outcome, Outcome]> | undefined;
    let last: Promise<Outcome> | undefined;
    const slow = await place.run('migrate', {
      watch: (_, said) => {
        if (others || !said.includes('to bring up to date')) return;
        others = Promise.all([place.run('migrate --no-wait'), place.run('migrate --wait 0.1')]);
        last = place.run('migrate --wait 60', {
          // Nobody holds the table any more when all of them have found a run at work.
          watch: (_child, words) => {
            if (words.includes('waiting for it')) void others?.then(() => place.client.query('rollback'));
          },
        });
      },
    });
    expect(slow.code).toBe(0);
    for (const refused of (await others) ?? []) {
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^migration_busy: /m) });
    }
    expect(await last).toMatchObject({ code: 0, stdout: 'The database is up to date.\n' });
  });

  it('--directory and the environment go before the file', async () => {
    await place.file('others/0001_other.sql', 'create table other (id int)');
    await place.file('third/0001_other.sql', 'create table third (id int)');
    const env = { TENANCY_MIGRATIONS: 'others' };
    expect((await place.run('migrate --dry-run --directory third', { env })).stdout).toContain('create table third');
    expect((await place.run('migrate', { env })).code).toBe(0);
    expect(await place.tables()).toEqual(['public.other']);
  });
});

describe('the schema of each tenant', () => {
  beforeEach(async () => {
    await place.file('migrations/0001_job.sql', 'create table job (id int)');
    await place.schemas(TENANTS);
  });

  it('is brought up to date, with workers and batches, and each is an object in JSON', async () => {
    const { code, stdout, stderr } = await place.run('migrate --json --workers 2 --batch 2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const all = objects(stdout);
    expect(all[0]).toEqual({ type: 'planned', targets: 4, behind: 4 });
    const targets = all.filter(({ type }) => type === 'target');
    expect(targets.map(({ target }) => target).toSorted()).toEqual(TENANTS);
    expect(all.at(-1)).toEqual({
      type: 'result',
      ...{ applied: ['0001_job.sql'], migrated: 4, current: 0, failed: [], quarantined: [], stopped: null, planned: 0 },
    });
    expect(await place.tables()).toEqual(TENANTS.map((id) => `${id}.job`));
  });

  it("a dry run prints each tenant's SQL, and what is printed is what runs", async () => {
    const { stdout } = await place.run('migrate --dry-run');
    for (const id of TENANTS) expect(stdout).toContain(`-- ${id}, schema ${id}: 0001_job.sql\n`);
    const plans = objects((await place.run('migrate --dry-run --json')).stdout).filter(({ type }) => type === 'plan');
    expect(plans.map(({ tenant }) => tenant)).toEqual(TENANTS);
    for (const { sql } of plans) expect(stdout).toContain(sql);
    expect(await place.tables()).toEqual([]);
    await place.client.query(stdout);
    expect(await place.run('migrate verify')).toMatchObject({ code: 0 });
    expect(await place.tables()).toEqual(TENANTS.map((id) => `${id}.job`));
  });

  it('--tenant is for those alone, and one that is unknown is an error', async () => {
    expect((await place.run('migrate --tenant acme --tenant initech')).stdout).toContain(
      '2 targets brought up to date, 0 already up to date.',
    );
    expect(await place.tables()).toEqual(['acme.job', 'initech.job']);
    expect(await place.run('migrate --tenant nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^target_unknown: .*"nobody"/m),
    });
  });

  it('one that failed is named, set aside, and tried again with --only-failed', async () => {
    await place.run('migrate');
    await place.file('migrations/0002_extra.sql', BROKEN);
    const first = await place.run('migrate --max-failures 50%');
    expect(first).toMatchObject({ code: 1, stdout: expect.stringContaining('3 targets brought up to date') });
    expect(first.stderr).toMatch(/^failed: globex$/m);
    expect(first.stderr).toMatch(/^failed {5}globex: .*globex is different/m);
    expect(first.stderr).toMatch(/^targets_failed: 1 failed, 0 were set aside.*--only-failed/m);
    const second = await place.run('migrate');
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^set aside {2}globex: /m) });
    await place.client.query('alter schema globex rename to set_right; create schema globex');
    await place.client.query('drop schema globex; alter schema set_right rename to globex');
    const again = await place.run('migrate --only-failed --json');
    expect(objects(again.stdout).find(({ type }) => type === 'planned')).toMatchObject({ behind: 1 });
    expect(objects(again.stdout).at(-2)).toMatchObject({ type: 'result', failed: [{ tenant: 'globex' }] });
    expect(objects(again.stdout).at(-1)).toMatchObject({ type: 'error', code: 'targets_failed' });
  });

  it('a share of failures ends the run', async () => {
    await place.run('migrate');
    await place.file('migrations/0002_extra.sql', "do $$ begin raise exception 'never'; end $$");
    const { code, stdout } = await place.run('migrate --json --workers 1 --max-failures 0.25');
    expect(code).toBe(1);
    const result = objects(stdout).find(({ type }) => type === 'result');
    expect(result).toMatchObject({ stopped: 'after 2 failures', failed: { length: 2 } });
  });

  it('canaries are first, by name or by number, and where they fail nobody else is begun', async () => {
    await place.run('migrate');
    await place.file('migrations/0002_extra.sql', BROKEN);
    const failed = await place.run('migrate --json --canary globex --pause 0');
    expect(failed.code).toBe(1);
    expect(objects(failed.stdout).find(({ type }) => type === 'result')).toMatchObject({
      ...{ migrated: 0, stopped: expect.stringContaining('canaries'), failed: [{ tenant: 'globex' }] },
    });
    const begun = Date.now();
    const passed = await place.run('migrate --json --canary-first 1 --pause 1.5 --confirm --yes --max-failures 1');
    expect(Date.now() - begun).toBeGreaterThan(1_500);
    const lines = objects(passed.stdout);
    expect(lines.find(({ type }) => type === 'canary')).toMatchObject({ targets: 1 });
    expect(lines.find(({ type }) => type === 'target')).toMatchObject({ target: 'acme' });
    expect(lines.find(({ type }) => type === 'result')).toMatchObject({ migrated: 3 });
  });

  it('a lock that is held is waited for in short tries, until patience is over', async () => {
    await place.run('migrate');
    await place.file('migrations/0002_more.sql', 'alter table job add column more int');
    await place.client.query('begin; select * from acme.job');
    const { code, stderr } = await place.run('migrate --lock-timeout 20 --lock-patience 0.5 --max-failures 1');
    await place.client.query('rollback');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^failed {5}acme: /m);
    expect((await place.run('migrate --only-failed')).code).toBe(0);
  });
});

it('the database of each tenant is migrated, and one that is out of reach is named', async () => {
  await place.file('migrations/0001_job.sql', 'create table job (id int)');
  await place.file(
    'tenancy.config.mjs',
    `import { eachDatabase } from '@tenancy/postgres/migrations';
const urls = { acme: ${JSON.stringify(place.url)}, globex: 'postgres://nobody:geheim@127.0.0.1:1/none' };
export default { directory: 'migrations', targets: eachDatabase({
  tenants: Object.keys(urls).map((id) => ({ id, slug: id })), connection: ({ id }) => urls[id],
}), maxFailures: 1 };\n`,
  );
  const { code, stdout, stderr } = await place.run('migrate');
  expect(code).toBe(1);
  expect(stdout).toContain('1 target brought up to date');
  expect(stderr).toMatch(/^failed {5}globex: target_unreachable: /m);
  expect(stderr + stdout).not.toContain('geheim');
  // Each database is told of once.
  const told = objects((await place.run('migrate --json')).stdout).filter(({ type }) => type === 'target');
  expect(told.map(({ target, of }) => [target, of]).toSorted()).toEqual([
    ['acme', 2],
    ['globex', 2],
  ]);
  const refused = await place.run('migrate', { env: { TENANCY_DATABASE_URL: place.url } });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/^wrong_use: .*Unset/m) });
});

it('whoever reads the output may go away, and the work is done', async () => {
  await place.file('migrations/0001_job.sql', 'create table job (id int)');
  await place.schemas(TENANTS);
  await place.run('migrate --json --workers 1', { watch: (child) => child.stdout?.destroy() });
  expect(await place.tables()).toEqual(TENANTS.map((id) => `${id}.job`));
});

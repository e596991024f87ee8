import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

let place: Place;
beforeEach(async () => {
  place = await Place.open();
  await place.file('migrations/0001_job.sql', 'create table job (id int)');
  await place.schemas(['acme', 'globex']);
});
afterEach(() => place.stop());

describe('status', () => {
  it('says what is behind, with exit code 1, and changes nothing', async () => {
    await place.run('migrate --tenant acme');
    const { code, stdout, stderr } = await place.run('migrate status');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toBe('2 targets: 1 up to date, 1 behind\n\ntarget  state   lacks\nglobex  behind  0001_job.sql\n');
    expect(objects((await place.run('migrate status --json')).stdout)).toEqual([
      { type: 'target', tenant: 'globex', schema: 'globex', pending: ['0001_job.sql'], failure: null, problem: null },
      { type: 'status', targets: 2, current: 1, behind: 1, unknown: [] },
    ]);
    expect(await place.tables()).toEqual(['acme.job']);
  });

  it("says what failed, what is at odds, and what is no tenant's any more", async () => {
    await place.run('migrate');
    expect(await place.run('migrate status')).toEqual({
      code: 0,
      stdout: '2 targets: 2 up to date, 0 behind\n',
      stderr: '',
    });
    await place.file('migrations/0002_more.sql', "do $$ begin raise exception 'no\nmore\u001b[31m'; end $$");
    await place.run('migrate --tenant acme');
    await place.client.query('drop schema globex cascade');
    const { stdout } = await place.run('migrate status');
    expect(stdout).toMatch(/^acme +failed +0002_more\.sql +\S.*no$/m);
    expect(stdout).toMatch(/^globex +at odds .*target_lost/m);
    expect(stdout).not.toContain('\u001b');
    await place.schemas(['acme']);
    expect((await place.run('migrate status')).stdout).toContain("no tenant's any more: globex\n");
  });
});

describe('verify', () => {
  it('fails where something is behind, and passes where nothing is', async () => {
    await place.run('migrate --tenant acme');
    const { code, stderr, stdout } = await place.run('migrate verify');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^migrations_pending: 1 of 2 targets.*\n- globex: lacks 0001_job\.sql$/m);
    expect(objects((await place.run('migrate verify --json')).stdout)).toMatchObject([
      { type: 'error', code: 'migrations_pending' },
    ]);
    await place.run('migrate');
    expect(await place.run('migrate verify')).toMatchObject({ code: 0, stderr: '' });
  });

  it('--allow-failed lets through what failed, and nothing else', async () => {
    await place.run('migrate');
    await place.file(
      'migrations/0002_more.sql',
      "do $$ begin if current_schema() = 'acme' then raise exception 'no'; end if; end $$",
    );
    await place.run('migrate --max-failures 1');
    expect((await place.run('migrate verify')).code).toBe(1);
    expect((await place.run('migrate verify --allow-failed')).code).toBe(0);
    await place.file('migrations/0003_last.sql', 'create table last (id int)');
    expect((await place.run('migrate verify --allow-failed')).code).toBe(1);
  });
});

describe('drift', () => {
  it('says whose schema is not like the others, with the difference as SQL', async () => {
    await place.schemas(['acme', 'globex', 'initech']);
    await place.run('migrate');
    expect(await place.run('migrate drift')).toMatchObject({
      code: 0,
      stdout: '3 targets: 3 like acme, 0 different\n',
    });
    await place.client.query('alter table globex.job drop column id, add column by_hand int');
    const { code, stdout } = await place.run('migrate drift');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^3 targets: 2 like \w+, 1 different\n\nglobex\n(?:- .*\n)+(?:\+ .*\n)+$/);
    expect(stdout).toMatch(/^\+ .*by_hand/m);
    const lines = objects((await place.run('migrate drift --reference globex --json')).stdout);
    expect(lines.map(({ tenant }) => tenant)).toEqual(['acme', 'initech', undefined]);
    expect(lines.at(-1)).toEqual({ type: 'drift', reference: 'globex', targets: 3, different: 2 });
    expect((await place.run('migrate drift --reference nobody')).stderr).toMatch(/^target_unknown: /m);
  });

  it('needs tenants', async () => {
    const env = { TENANCY_DATABASE_URL: place.url };
    await place.file('one.json', '{}');
    expect(await place.run('migrate drift --config one.json', { env })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^config_wrong: .*targets/m),
    });
  });
});

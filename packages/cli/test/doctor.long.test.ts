import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

const role = `cli_doctor_${randomBytes(6).toString('hex')}`;
let place: Place;

beforeAll(async () => {
  place = await Place.open();
  await place.file(
    'migrations/0001_job.sql',
    'create table job (tenant_id text not null, id int not null, title text, primary key (tenant_id, id));',
  );
  await place.file(
    'tenancy.config.json',
    JSON.stringify({ connection: place.url, directory: 'migrations', policies: { role } }),
  );
  expect(await place.run('migrate')).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await place.client.query(`drop owned by ${role}; drop role ${role}`);
  await place.stop();
});

describe('doctor', () => {
  it('ends in 0 where no error is found, and in 1 where one is, with the fix to paste', async () => {
    const well = await place.run('doctor');
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toMatch(/^(Nothing found|0 errors, \d+ pieces? of advice)\.$/m);
    await place.client.query('alter table job no force row level security, disable row level security');
    const ill = await place.run('doctor');
    expect(ill).toMatchObject({ code: 1, stderr: '' });
    expect(ill.stdout).toMatch(/^error table-policies: public\.job$/m);
    const fix = /^ {4}(alter table public\.job .*;)$/m.exec(ill.stdout)?.[1];
    await place.client.query(fix as string);
    expect((await place.run('doctor')).code).toBe(0);
  });

  it('writes a finding a line, commands for pull requests, and the plan for Citus', async () => {
    await place.client.query('create unique index by_title on job (title)');
    const lines = objects((await place.run('doctor --json --for citus')).stdout);
    expect(lines).toContainEqual(
      expect.objectContaining({ type: 'finding', rule: 'citus-keys', subject: 'public.job' }),
    );
    expect(lines.at(-1)).toMatchObject({
      type: 'doctor',
      distribution: expect.stringContaining("create_distributed_table('public.job', 'tenant_id'"),
    });
    expect((await place.run('doctor --for citus --format github')).stdout).toMatch(
      /^::error title=citus-keys::public\.job: /m,
    );
    expect((await place.run('doctor --fail-on advice')).code).toBe(1);
    expect((await place.run('doctor --json --format text')).code).toBe(2);
    expect((await place.run('doctor --for mysql')).code).toBe(2);
  });

  it('says what it needs', async () => {
    await place.file('bare.json', JSON.stringify({ connection: place.url }));
    expect(await place.run('doctor --config bare.json')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^config_wrong: .*policies/),
    });
    expect(await place.run('doctor', { env: { TENANCY_APP_DATABASE_URL: place.url } })).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringMatching(/does not connect as the role/),
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

let place: Place;
beforeEach(async () => {
  place = await Place.open();
  const role = `move_cli_${process.pid}`;
  await place.client.query(`do $$ begin create role ${role}; exception when duplicate_object then null; end $$`);
  await place.file(
    'migrations/1.sql',
    `create table job (tenant_id text not null, id int, title text, primary key (tenant_id, id));\n`,
  );
  await place.file(
    'tenancy.config.mjs',
    `import { defineConfig } from '@tenancy/cli';
import { TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
const connection = ${JSON.stringify(place.url)};
const places = tenantPlaces({ servers: { main: { connection } }, role: '${role}', migrations: 'migrations' });
export default defineConfig({
  connection, directory: 'migrations', policies: places.policies, tenants: { directory: new TenantDirectory({ connection }), places },
});\n`,
  );
  await place.file(
    'fill.mjs',
    `import config from './tenancy.config.mjs';
const { directory } = config.tenants;
await directory.install();
for (const id of ['1', '2']) await directory.create({ id, slug: 'tenant-' + id });
await directory.close();\n`,
  );
  expect(await place.process([process.execPath, 'fill.mjs'], {})).toMatchObject({ code: 0 });
  expect(await place.run('migrate')).toMatchObject({ code: 0 });
  await place.client.query(`insert into job select t, n from unnest(array['1', '2']) t, generate_series(1, 3) n`);
});
afterEach(async () => {
  await place.client.query(`drop owned by move_cli_${process.pid}; drop role move_cli_${process.pid}`);
  await place.stop();
});

const rows = async (table: string) => (await place.client.query(`select from ${table} where tenant_id = '1'`)).rowCount;

describe('move', () => {
  it('brings a tenant to a schema and back, and removes what is at the old place when it is told', async () => {
    const planned = await place.run('move tenant-1 --to-kind schema --dry-run');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout).toMatch(/^job +3$.*tenant-1 \(1\) would be moved to main: schema tenant_1/ms);
    const moved = await place.run('move tenant-1 --to-kind schema');
    expect(moved).toMatchObject({ code: 0, stderr: expect.stringMatching(/copied.*compared/s) });
    expect(moved.stdout).toMatch(/tenant-1 \(1\) is on main: schema tenant_1\. Its writes were refused for \d+ ms/);
    expect([await rows('job'), await rows('tenant_1.job')]).toEqual([3, 3]);
    expect(await place.run('move tenant-1 --abandon')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_state_refused: /),
    });
    expect((await place.run('move tenant-1 --finish')).stdout).toBe('tenant-1 (1) is in its new place alone\n');
    expect([await rows('job'), await rows('tenant_1.job')]).toEqual([0, 3]);
    const back = objects((await place.run('move 1 --to-kind rows --longest-stop 5000 --json')).stdout);
    expect(back[0]).toEqual({ type: 'step', step: 'make' });
    expect(back.at(-1)).toMatchObject({ type: 'moved', tenant: '1', rows: 3, to: { kind: 'rows' } });
  }, 120_000);

  it('says what is missing, and where a tenant cannot be moved', async () => {
    expect(await place.run('move tenant-1')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^wrong_use: .*--to-kind/),
    });
    expect(await place.run('move tenant-1 --to-kind schema --finish')).toMatchObject({ code: 2 });
    expect(await place.run('move tenant-1 --to-kind rows')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_state_refused: /),
    });
    expect(await place.run('move tenant-1 --to-kind rows --to-server eu2')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^place_unknown: /),
    });
    expect(await place.run('move tenant-1 --finish')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_state_refused: /),
    });
  }, 120_000);
});

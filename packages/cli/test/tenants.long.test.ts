import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

let place: Place;
beforeEach(async () => {
  place = await Place.open();
  await place.file(
    'tenancy.config.mjs',
    `import { defineConfig } from '@tenancy/cli';
import { TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
const connection = ${JSON.stringify(place.url)};
const resolveTxt = async () => [[process.env.PROVEN ?? '']];
const directory = new TenantDirectory({ connection, resolveTxt });
const places = tenantPlaces({ servers: { main: { connection } }, role: 'pg_monitor', migrations: new URL('./migrations', import.meta.url) });
const deletion = { settleMillis: 0, also: [{ name: 'cache', remove: async () => 7 }] };
export default defineConfig({ connection, directory: 'migrations', tenants: { directory, places, deletion } });\n`,
  );
  await place.file(
    'fill.mjs',
    `import config from './tenancy.config.mjs';
const { directory } = config.tenants;
await directory.install();
await directory.create({ id: '1', slug: 'acme', name: 'Acme 100%', plan: 'pro' });
await directory.create({ id: '2', slug: 'globex', name: 'Globex\\u001b[31m' });
await directory.create({ id: '3', slug: '1' });
await directory.close();\n`,
  );
  expect(await place.process([process.execPath, 'fill.mjs'], {})).toEqual({ code: 0, stdout: '', stderr: '' });
});
afterEach(() => place.stop());

describe('tenants', () => {
  it('lists tenants page by page, and finds them by a part of a name', async () => {
    const { code, stdout, stderr } = await place.run('tenants list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^slug +id +status +plan +place +name\n1 +3 .*\nacme +1 +active +pro +main +Acme 100%\nglobex /,
    );
    expect(stdout).not.toContain('\u001b');
    const first = objects((await place.run('tenants list --json --limit 2')).stdout);
    expect(first.map(({ slug }) => slug)).toEqual(['1', 'acme', undefined]);
    expect(first.at(-1)).toEqual({ type: 'tenants', count: 2, next: 'acme' });
    expect(objects((await place.run('tenants list --json --limit 2 --after acme')).stdout)).toMatchObject([
      { slug: 'globex' },
      { count: 1, next: null },
    ]);
    const found = async (rest: string) => objects((await place.run(`tenants search --json ${rest}`)).stdout).length - 1;
    expect(await found('0%')).toBe(1);
    expect(await found('%')).toBe(1);
    expect(await found('_')).toBe(0);
    expect(await found('e --plan pro')).toBe(1);
    expect(await found('e --status suspended')).toBe(0);
    expect((await place.run('tenants list --status gone')).code).toBe(2);
    expect((await place.run('tenants list --limit 0')).code).toBe(2);
  });

  it('suspends, resumes, renames and shows one by its id or by a slug that was its own', async () => {
    expect(await place.run('suspend acme')).toEqual({ code: 0, stdout: 'acme (1) is suspended\n', stderr: '' });
    expect((await place.run('resume acme')).stdout).toBe('acme (1) is active\n');
    expect((await place.run('rename acme acme-inc')).stdout).toBe('acme-inc (1) has the slug acme-inc\n');
    expect(objects((await place.run('tenants show acme --json')).stdout)).toMatchObject([
      { id: '1', slug: 'acme-inc', formerSlugs: ['acme'], events: [{ kind: 'renamed' }, {}, {}, { kind: 'created' }] },
    ]);
    expect((await place.run('tenants show acme')).stdout).toMatch(/^former +acme$/m);
    expect(await place.run('rename globex acme')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_exists: /),
    });
    expect(await place.run('suspend nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_unknown: /),
    });
  });

  it('lets one have a domain of its own, once DNS proves it', async () => {
    const { code, stdout } = await place.run('domain claim acme Careers.acme.example');
    expect(code).toBe(0);
    const [, value = ''] = /\n_tenancy\.careers\.acme\.example {2}TXT {2}(tenancy-domain=\w+)\n$/.exec(stdout) ?? [];
    expect(await place.run('domain verify acme careers.acme.example')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^domain_unproven: .*_tenancy\.careers/),
    });
    const proven = { env: { PROVEN: value } };
    const [verified] = objects((await place.run('domain verify acme careers.acme.example --json', proven)).stdout);
    expect(verified).toMatchObject({ type: 'domain', tenant: '1', verifiedAt: expect.any(String) });
    expect((await place.run('tenants show acme')).stdout).toMatch(/^domain +careers\.acme\.example, proven 2/m);
    expect((await place.run('domain remove acme careers.acme.example')).stdout).toMatch(
      /leads to acme \(1\) no more\n$/,
    );
    expect((await place.run('tenants show acme')).stdout).not.toMatch(/^domain/m);
    expect(await place.run('domain claim acme localhost')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_name_unusable: the domain/),
    });
  });

  it('deletes one whose slug is said once more, and shows the certificate', async () => {
    await place.client.query(
      `create table job (tenant_id text, id int); insert into job values ('1', 1), ('1', 2), ('2', 1)`,
    );
    expect(await place.run('delete acme --dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^public.job +2$/m),
    });
    for (const flags of ['', ' --confirm globex', ' --confirm 1']) {
      expect(await place.run(`delete acme${flags}`)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^wrong_use: this removes the tenant acme \(1\).*Nothing was done/),
      });
    }
    expect((await place.client.query('select 1 from job')).rowCount).toBe(3);
    const { code, stdout, stderr } = await place.run('delete acme --confirm acme');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'nobody is let in\nits data is deleted\nwhat is elsewhere is removed\nevery table is looked through\n',
    });
    expect(stdout).toMatch(
      /^public.job +2\ncache: 7 removed\nacme \(1\) is deleted; nothing of it is left in 1 tables$/m,
    );
    expect((await place.client.query('select tenant_id from job')).rows).toEqual([{ tenant_id: '2' }]);
    expect(objects((await place.run('delete globex --confirm globex --json')).stdout).at(-1)).toMatchObject({
      type: 'certificate',
      tenant: '2',
      removed: [{ table: 'public.job', rows: 1 }],
    });
  });

  it('does nothing where the id of one is the slug of another', async () => {
    expect(await place.run('suspend 1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_name_unusable: /),
    });
    expect(objects((await place.run('tenants list --json --status suspended')).stdout)).toHaveLength(1);
    expect((await place.run('suspend 3')).stdout).toBe('1 (3) is suspended\n');
  });

  it('provisions a tenant with its place, and shows before what would be made', async () => {
    await place.file('migrations/0001_job.sql', 'create table job (id int)');
    const plan = await place.run('provision initech --id 4 --kind schema --dry-run');
    expect(plan).toMatchObject({ code: 0, stderr: 'initech would be in the schema tenant_4 on the server main\n' });
    expect(plan.stdout).toMatch(/^begin\n.*create schema "tenant_4"\n.*create table job \(id int\)\n.*\ncommit\n;\n$/s);
    expect(objects((await place.run('provision initech --dry-run --json')).stdout)).toMatchObject([
      { type: 'plan', slug: 'initech', place: { kind: 'rows' }, isUnfinished: false, sql: '' },
    ]);
    expect((await place.run('tenants show initech')).code).toBe(1);
    expect(await place.run('provision initech --id 4 --name Initech --plan pro --kind schema')).toEqual({
      code: 0,
      stdout: 'initech (4) is active, in the schema tenant_4 on the server main\n',
      stderr: '',
    });
    const { rows } = await place.client.query(`select to_regclass('tenant_4.job') is not null as there`);
    expect(rows).toEqual([{ there: true }]);
    expect(objects((await place.run('tenants show initech --json')).stdout)).toMatchObject([
      { name: 'Initech', plan: 'pro', status: 'active' },
    ]);
    expect(await place.run('provision initech')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenant_exists: /),
    });
    expect(await place.run('provision other')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^place_unusable: .*lack 0001_job.sql/),
    });
    expect(await place.run('provision other --kind tables')).toMatchObject({ code: 2 });
    expect(await place.run('provision other --server far')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^place_unknown: /),
    });
  });

  it('is no matter of a migration', async () => {
    await place.file('migrations/0001_job.sql', 'create table job (id int)');
    expect(await place.run('migrate')).toMatchObject({ code: 0 });
  });

  it('says what the configuration lacks', async () => {
    await place.file('tenancy.config.mjs', 'export default { tenants: { directory: {} } }');
    expect(await place.run('tenants list')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^config_wrong: /),
    });
    await place.file('tenancy.config.mjs', 'export default {}');
    expect(await place.run('tenants list')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^config_not_found: /),
    });
  });
});

import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

let place: Place;
beforeEach(async () => {
  place = await Place.open();
  await place.file('migrations/0001_job.sql', 'create table job (id int)');
});
afterEach(() => place.stop());

/** A file of its own for each format, in a package of either kind. */
const body = () => `{ connection: ${JSON.stringify(place.url)}, directory: 'migrations' }`;

describe.each(['commonjs', 'module'])('in a package of type %s', (type) => {
  it.each<[string, () => string]>([
    ['ts', () => `import { defineConfig } from '@tenancy/cli';\nexport default defineConfig(${body()});`],
    [
      'mts',
      () =>
        `import type { TenancyConfig } from '@tenancy/cli';\nimport { directory } from './where';
enum Database { Main = ${JSON.stringify(place.url)} }
export default { connection: Database.Main as string, directory: await Promise.resolve(directory) } satisfies TenancyConfig;`,
    ],
    ['js', () => (type === 'module' ? `export default ${body()}` : `module.exports = ${body()}`)],
    ['mjs', () => `export default ${body()}`],
    ['cjs', () => `exports.__esModule = true; exports.default = ${body()}`],
    ['json', () => JSON.stringify({ connection: place.url, directory: 'migrations' })],
  ])('tenancy.config.%s is read', async (ending, text) => {
    await place.file('package.json', JSON.stringify({ type }));
    await place.file('where.ts', "export const directory: string = 'migrations';");
    await place.file(`tenancy.config.${ending}`, text());
    expect(await place.run('migrate')).toMatchObject({ code: 0, stdout: expect.stringContaining('0001_job.sql') });
  });
});

it('the nearest file above the folder counts, and its `directory` lies beside it', async () => {
  await place.file('tenancy.config.json', JSON.stringify({ connection: place.url, directory: 'migrations' }));
  await place.file('apps/api/src/main.ts', '');
  const cwd = join(place.folder, 'apps/api/src');
  expect((await place.run('migrate status', { cwd })).stdout).toContain('0001_job.sql');
  await place.file('apps/tenancy.config.json', JSON.stringify({ connection: place.url, directory: '../others' }));
  await place.file('others/0001_other.sql', 'create table other (id int)');
  expect((await place.run('migrate status', { cwd })).stdout).toContain('0001_other.sql');
  const named = await place.run('migrate status --config ../../../tenancy.config.json', { cwd });
  expect(named.stdout).toContain('0001_job.sql');
});

it('two files in one folder are refused, until one is named', async () => {
  await place.file('tenancy.config.json', JSON.stringify({ connection: place.url, directory: 'migrations' }));
  await place.file('tenancy.config.mjs', 'export default {}');
  expect(await place.run('migrate')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^config_wrong: .*both/) });
  expect((await place.run('migrate --config tenancy.config.json')).code).toBe(0);
});

it('environment variables are enough, and go before the file', async () => {
  const env = { TENANCY_DATABASE_URL: place.url, TENANCY_MIGRATIONS: 'migrations' };
  expect((await place.run('migrate', { env: { TENANCY_MIGRATIONS: 'migrations' } })).stderr).toMatch(
    /^config_not_found: .*TENANCY_DATABASE_URL/,
  );
  expect((await place.run('migrate', { env: { TENANCY_DATABASE_URL: place.url } })).stderr).toMatch(
    /^config_not_found: .*TENANCY_MIGRATIONS/,
  );
  const elsewhere = JSON.stringify({ connection: 'postgres://nobody@127.0.0.1:1/none', directory: 'none' });
  await place.file('tenancy.config.json', elsewhere);
  expect((await place.run('migrate', { env })).code).toBe(0);
  await unlink(join(place.folder, 'tenancy.config.json'));
  expect((await place.run('migrate verify', { env })).code).toBe(0);
});

it('options of the file are used, and a flag goes before them', async () => {
  await place.schemas(['acme', 'globex'], "canary: { tenants: ['globex'] }, workers: 1, maxFailures: 1,");
  const firstOf = async (args: string) => {
    const { stdout } = await place.run(`migrate --json ${args}`);
    return objects(stdout).find(({ type }) => type === 'target')?.['target'];
  };
  expect(await firstOf('')).toBe('globex');
  await place.file('migrations/0002_more.sql', 'create table more (id int)');
  expect(await firstOf('--canary acme')).toBe('acme');
});

it('code of a configuration may be migrations, and a pool that it opens does not keep the command', async () => {
  await place.file(
    'tenancy.config.mjs',
    `import pg from 'pg';
import { eachSchema } from '@tenancy/postgres/migrations';
const pool = new pg.Pool({ connectionString: ${JSON.stringify(place.url)} });
export default {
  connection: { connectionString: ${JSON.stringify(place.url)} },
  directory: undefined,
  migrations: { read: async () => [{ name: '1', run: async (client) => void (await client.query('create table made (id int)')) }] },
  targets: eachSchema({ name: ({ id }) => id, tenants: { list: async function* () {
    for (const { id } of (await pool.query("select 'acme' as id")).rows) yield { id, slug: id };
  } } }),
};\n`,
  );
  expect((await place.run('migrate')).code).toBe(0);
  expect(await place.tables()).toEqual(['acme.made']);
  expect((await place.run('migrate --directory migrations status')).code).toBe(2);
});

describe('JSON with tenants', () => {
  const json = (targets: object) =>
    place.file('tenancy.config.json', JSON.stringify({ connection: place.url, directory: 'migrations', targets }));

  it('of a query', async () => {
    await place.client.query(
      "create table company (id int, slug text); insert into company values (1, 'acme'), (2, 'globex')",
    );
    await json({
      kind: 'schemas',
      tenants: { query: 'select id, slug from company order by id' },
      name: '{slug}_{id}',
    });
    expect((await place.run('migrate')).code).toBe(0);
    expect(await place.tables()).toEqual(['acme_1.job', 'globex_2.job', 'public.company']);
    expect((await place.run('migrate --tenant 2 --json')).code).toBe(0);
  });

  it('of a list', async () => {
    await json({ kind: 'schemas', tenants: [{ id: 'acme' }] });
    expect((await place.run('migrate')).code).toBe(0);
    expect(await place.tables()).toEqual(['tenant_acme.job']);
  });

  it('a query that is wrong, or would change something, is an error of the run', async () => {
    await json({ kind: 'schemas', tenants: { query: 'select id from nowhere' } });
    expect(await place.run('migrate')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tenants_unlisted: .*relation "nowhere" does not exist/m),
    });
    await json({ kind: 'schemas', tenants: { query: 'create table evil (id int)' } });
    expect((await place.run('migrate')).stderr).toContain('read-only transaction');
    expect(await place.tables()).toEqual([]);
  });
});

it('no password is ever printed', async () => {
  const env = { TENANCY_MIGRATIONS: 'migrations' };
  const urls = [
    'postgres://me:geheim@127.0.0.1:1/none',
    'postgres://me:ge/geheim@127.0.0.1:1/none',
    'postgres://me:geheim@host.invalid/none',
    'postgres://me:geheim@127.0.0.1:port/none',
  ];
  for (const url of urls) {
    const { code, stdout, stderr } = await place.run('migrate --verbose --json', {
      env: { ...env, TENANCY_DATABASE_URL: url },
    });
    expect(code).toBeGreaterThan(0);
    expect(stdout + stderr).not.toContain('geheim');
  }
  await place.file('tenancy.config.mjs', `throw new Error('cannot reach ${urls[0]}')`);
  const { stderr } = await place.run('migrate --verbose');
  expect(stderr).toContain('cannot reach postgres://me:***@127.0.0.1:1/none');
});

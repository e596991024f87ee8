import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TenantContext } from '@tenancy/core';
import { type PostgresServer, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantPool } from '../../src/index.js';

const root = resolve(import.meta.dirname, '../../../..');
const page = (file: string) => readFileSync(join(root, file), 'utf8');
const README = page('packages/postgres/README.md');
const GUIDE = page('docs/guide.md');

/** The printed block of this language that has the words in it, as somebody would copy it. */
function block(text: string, language: string, words: string): string {
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))];
  const found = blocks.map(([, code = '']) => code).filter((code) => code.includes(words));
  expect(found, words).toHaveLength(1);
  return found[0] ?? '';
}

const SCHEMA = block(README, 'sql', 'create table job');
const COMPILE = block(README, 'ts', 'await owner.query(sql)');
const PASSWORD = block(README, 'ts', 'alter role app password');
const POOL = block(
  README,
  'ts',
  'new TenantContext();\nconst pool = createTenantPool({\n  connectionString: process.env.DATABASE_URL,\n  context,\n  isolation: rowLevelSecurity({ shared',
);
const GUIDE_COMPILE = block(GUIDE, 'ts', 'compilePolicies');
// The ORM's own line is another package's.
const GUIDE_POOL = block(GUIDE, 'ts', 'createTenantPool').replaceAll(/^.*PrismaPg.*\n/gm, '');

let server: PostgresServer;
let folder: string;
beforeAll(async () => {
  // A server of its own: the role is called as it is printed.
  server = await startPostgres();
  folder = await mkdtemp(join(import.meta.dirname, '.recipe-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await server.stop();
});

const DATABASE = '"its own ""data"""';

let steps = 0;
/** Runs the code as a module, against the sources instead of the published package. */
async function run(code: string, exported = ''): Promise<unknown> {
  const file = join(folder, `step-${++steps}.ts`);
  await writeFile(
    file,
    `${code.replaceAll("'@tenancy/postgres'", "'../../../src/index.js'")}\nexport { ${exported} };\n`,
  );
  return import(pathToFileURL(file).href);
}

/** A database and a login of the owner, who administers nothing else, or of the superuser. */
async function freshDatabase(owner: 'owner' | 'superuser') {
  const outside = new pg.Client({ connectionString: server.url });
  await outside.connect();
  await outside.query(`drop database if exists ${DATABASE} with (force)`);
  await outside.query('drop role if exists app; drop role if exists owner');
  await outside.query("create role owner login createrole password 'owner'");
  await outside.query(`create database ${DATABASE} owner owner`);
  await outside.end();
  const url = new URL(server.url);
  url.pathname = encodeURIComponent('its own "data"');
  if (owner === 'owner') [url.username, url.password] = ['owner', 'owner'];
  vi.stubEnv('ADMIN_DATABASE_URL', url.href);
  [url.username, url.password] = ['app', 'a secret'];
  vi.stubEnv('APP_PASSWORD', 'a secret');
  vi.stubEnv('DATABASE_URL', url.href);
  const client = new pg.Client({ connectionString: process.env['ADMIN_DATABASE_URL'] ?? '' });
  client.on('error', () => {});
  await client.connect();
  return client;
}

describe.each(['owner', 'superuser'] as const)('N13: the recipe as it is printed, run as the %s', (owner) => {
  let client: pg.Client;
  beforeEach(async () => {
    client = await freshDatabase(owner);
    await client.query(SCHEMA);
    return async () => {
      await client.end();
      vi.unstubAllEnvs();
    };
  });

  const answers = async ({ pool, context }: { pool: TenantPool; context: TenantContext }) => {
    pool.on('error', () => {});
    await pool.verify();
    const as = <T>(id: string, work: () => Promise<T>) => context.run({ id, slug: id }, work);
    const write = (id: string) => as(id, () => pool.query('insert into job (title) values ($1)', [`job of ${id}`]));
    const titles = (id: string) =>
      as(id, async () => (await pool.query('select title from job')).rows.map(({ title }) => title));
    await Promise.all(['t_acme', 't_globex', 't_initech'].map(write));
    // One after the other, and interleaved.
    expect(await titles('t_acme')).toEqual(['job of t_acme']);
    const ids = Array.from({ length: 12 }, (_, n) => ['t_acme', 't_globex', 't_initech', 't_nobody'][n % 4] ?? '');
    expect(await Promise.all(ids.map(titles))).toEqual(ids.map((id) => (id === 't_nobody' ? [] : [`job of ${id}`])));
    await expect(
      as('t_acme', () => pool.query("insert into job (tenant_id, title) values ('t_globex', 'planted')")),
    ).rejects.toThrow('row-level security');
    await expect(as('t_acme', () => pool.query('create temporary table found ()'))).rejects.toThrow(
      'permission denied',
    );
    await pool.end();
  };

  it('ends in a pool that starts and answers with the own rows', async () => {
    await run(COMPILE);
    await run(PASSWORD);
    await answers((await run(POOL, 'pool, context, rows')) as { pool: TenantPool; context: TenantContext });
  });

  it('and so does the one of the guide, with the password set as psql does', async () => {
    await run(GUIDE_COMPILE);
    await client.query("alter role app password 'a secret'");
    const { pool } = (await run(GUIDE_POOL)) as { pool: TenantPool };
    const { TenantContext } = await import('@tenancy/core');
    await answers({ pool, context: new TenantContext() });
  });

  it('changes nothing when it runs again, and names no database', async () => {
    const { sql } = (await run(COMPILE, 'sql')) as { sql: string };
    expect(sql).not.toContain('its own');
    const state = `
      select 'class' as what, relname::text as name, relacl::text as acl, relrowsecurity::text as more from pg_class
      union all select 'database', datname, datacl::text, null from pg_database
      union all select 'schema', nspname, nspacl::text, null from pg_namespace where nspname !~ '^pg_(temp|toast)'
      union all select 'function', oid::regprocedure::text, proacl::text, null from pg_proc
      union all select 'policy', polname, polroles::text, polqual::text from pg_policy
      order by 1, 2, 3`;
    const before = (await client.query(state)).rows;
    await client.query('begin');
    await client.query(sql);
    await client.query('commit');
    const plain = (rows: readonly Record<string, string>[]) =>
      rows.map((row) => ({ ...row, more: row['more']?.replaceAll(/:location \d+/g, '') }));
    expect(plain((await client.query(state)).rows)).toEqual(plain(before));
  });
});

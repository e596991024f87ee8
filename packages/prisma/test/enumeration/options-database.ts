import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { tenantScoped } from '../../src/index.js';
import { PrismaClient } from './generated/client.js';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };
const TABLES = ['_JobToSkill', 'Visit', 'Brief', 'Skill', 'Bag', 'Job', 'Office', 'Country'];
export type Client = Readonly<Record<string, Readonly<Record<string, (args: unknown) => PromiseLike<unknown>>>>>;

/** Both tenants' rows in one database, behind a scoped client and a plain one; and acme's rows in a database of their own. */
export async function openSides() {
  const context = new TenantContext();
  const shared = await open([acme, globex]);
  const alone = await open([acme]);
  const scoped = tenantScoped(shared.client, { context, shared: ['Country'], writable: ['Country'] });
  return {
    scoped: { ...shared, client: scoped as unknown as Client },
    plain: { ...shared, client: shared.client as unknown as Client },
    alone: { ...alone, client: alone.client as unknown as Client },
    raw: shared.client,
    as: <R>(tenant: Tenant, work: () => R) => context.run(tenant, work),
    stop: () => Promise.all([shared.stop(), alone.stop()]),
  };
}
export type Sides = Awaited<ReturnType<typeof openSides>>;

async function open(tenants: readonly Tenant[]) {
  const database = await createDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 2 }).on('error', () => {});
  const tables = await readFile(new URL('tables.sql', import.meta.url), 'utf8');
  await pool.query(tables.replaceAll('$tenant', tenants.length === 1 ? acme.id : 'nobody'));
  const client = new PrismaClient({ adapter: new PrismaPg(pool) });
  const seed = [
    'set session_replication_role = replica',
    ...TABLES.map((table) => `delete from "${table}"`),
    `insert into "Country" values ('NL')`,
    ...tenants.flatMap(rowsOf),
    'reset session_replication_role',
  ].join(';');
  return {
    client,
    reset: async () => void (await pool.query(seed)),
    /** A tenant's rows, links and all, from outside. */
    rows: async ({ id, slug }: Tenant) => {
      const rows = TABLES.map((table) => {
        const own =
          table === 'Country' ? 'true' : table === '_JobToSkill' ? `"A" like '${slug}%'` : `"tenantId" = '${id}'`;
        return `(select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') from "${table}" t where ${own}) "${table}"`;
      });
      return (await pool.query(`select ${rows.join(', ')}`)).rows[0] as Readonly<Record<string, unknown>>;
    },
    stop: async () => {
      await client.$disconnect();
      await pool.end();
      await database.stop();
    },
  };
}

/** The same rows for each tenant but for their ids. The fourth job has, and is had by, rows of the other tenant. */
function rowsOf({ id, slug }: Tenant): readonly string[] {
  const other = slug === 'acme' ? 'globex' : 'acme';
  const lists = `'{job}', '{1}', '{1}', '{1}', '{1}', '{true}', '{2026-01-01}', '{a}', '{LOW}', array['{"a": 1}'::jsonb]`;
  const job = (n: number, lead: string | null, extra = '1') =>
    `insert into "Job" ("tenantId", "id", "note", "json", "intMay", "officeId", "leadId")
     values ('${id}', '${slug}-job-${n}', 'note', '{"a": 1, "b": [1], "c": "text"}', ${extra}, '${slug}-office', ${lead && `'${lead}'`})`;
  return [
    `insert into "Office" values ('${id}', '${slug}-office', 'city', 'NL'), ('${id}', '${slug}-office-2', 'city 2', null)`,
    job(1, null),
    job(2, `${slug}-job-1`, 'null'),
    job(3, null),
    job(4, `${other}-job-4`),
    `insert into "Bag" values ('${id}', '${slug}-bag-1', ${lists})`,
    `insert into "Skill" values ('${id}', '${slug}-skill-1', 'label'), ('${id}', '${slug}-skill-2', 'label')`,
    `insert into "_JobToSkill" values ('${slug}-job-1', '${slug}-skill-1'), ('${slug}-job-4', '${other}-skill-2')`,
    `insert into "Brief" values ('${id}', '${slug}-brief-1', 'text', '${slug}-job-1'), ('${id}', '${slug}-brief-2', 'text', null), ('${id}', '${slug}-brief-4', 'text', '${other}-job-4')`,
    `insert into "Visit" values ('${id}', '${slug}-visit-1', '${slug}-job-1')`,
  ];
}

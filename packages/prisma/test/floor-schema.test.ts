import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Tenant, TenantContext } from '@tenancy/core';
import { createTenantPool, schemaPerTenant, type TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import { crowd, interleaved, Tally } from './database/floor-database.js';
import { acme, globex } from './database/hiring-database.js';
import { longTransactions } from './database/long-transactions.js';
import { PrismaClient } from './generated/client.js';

const MAX = 4;
const schemaOf = ({ slug }: Tenant) => `tenant_${slug}`;

const context = new TenantContext();
const clients = new Map<string, PrismaClient>();
let outside: pg.Pool;
let pool: TenantPool;
let stop = async () => {};

/** The tables in a schema for each tenant, three jobs in each; and in `public`, which is closed to the application. */
beforeAll(async () => {
  const database = await createDatabase(inject('postgresUrl'));
  outside = new pg.Pool({ connectionString: database.url, max: 1 });
  outside.on('error', () => {});
  const role = `app_${randomBytes(6).toString('hex')}`;
  const tables = await readFile(new URL('database/schema.sql', import.meta.url), 'utf8');
  await outside.query(
    `create role ${role} login password 'floor'; revoke temporary on database ${database.name} from public`,
  );
  for (const schema of ['public', ...crowd.map(schemaOf)]) {
    await outside.query(`
      create schema if not exists ${schema};
      set search_path to ${schema};
      ${tables};
      insert into "Job" ("tenantId", "id", "title")
        select '${schema}', '${schema}-' || n, 'job ' || n from generate_series(1, 3) n;
      ${schema === 'public' ? '' : `grant usage on schema ${schema} to ${role}`};
      ${schema === 'public' ? '' : `grant select, insert, update, delete on all tables in schema ${schema} to ${role}`};
      reset search_path`);
  }
  const url = new URL(database.url);
  url.username = role;
  url.password = 'floor';
  const isolation = schemaPerTenant({ name: schemaOf });
  pool = createTenantPool({ connectionString: url.href, context, isolation, max: MAX, application_name: role });
  pool.on('error', () => {});
  for (const schema of ['public', ...crowd.map(schemaOf)]) {
    const adapter = new PrismaPg(pool, { schema });
    clients.set(schema, new PrismaClient({ adapter, transactionOptions: longTransactions }));
  }
  stop = async () => {
    await Promise.all([...clients.values()].map((client) => client.$disconnect()));
    await pool.end();
    await outside.end();
    await database.stop({ roles: [role] });
  };
});
afterAll(() => stop());

const clientOf = (schema: string): PrismaClient => clients.get(schema) as PrismaClient;
const rawIds = (client: Pick<PrismaClient, '$queryRaw'>) =>
  client.$queryRaw<{ id: string }[]>`SELECT "id" FROM "Job" ORDER BY "id"`;

describe('P27: a schema per tenant, and one Prisma client for each over one pool', () => {
  it('P27: interleaved, models and raw SQL see the same schema, in transactions too, on few connections', async () => {
    const tally = new Tally();
    const check = (what: string, rows: readonly { id: string }[], schema: string) => {
      if (rows.length !== 3 || rows.some(({ id }) => !id.startsWith(`${schema}-`))) tally.add(`${what}: wrong rows`);
    };
    await interleaved(context, { callers: 24, rounds: 25 }, async (tenant, caller, round) => {
      const schema = schemaOf(tenant);
      const client = clientOf(schema);
      check('model', await client.job.findMany(), schema);
      check('raw', await rawIds(client), schema);
      const one = await client.job.findUnique({ where: { id: `${schema}-1` } });
      if (one?.tenantId !== schema) tally.add('findUnique: wrong row');
      const work = client.$transaction(async (tx) => {
        const id = `${schema}-${caller}-${round}`;
        await tx.job.create({ data: { tenantId: schema, id, title: id } });
        if ((await rawIds(tx)).filter((row) => row.id === id).length !== 1) tally.add('raw: not what the model wrote');
        throw new Error('changed my mind');
      });
      await work.catch(({ message }: Error) => {
        if (message !== 'changed my mind') tally.add(message);
      });
    });
    expect(tally.counts).toEqual({});
    const { rows } = await outside.query('select count(*)::int from pg_stat_activity where application_name = $1', [
      pool.options.application_name,
    ]);
    expect(rows[0].count).toBeLessThanOrEqual(MAX);
    expect(pool.totalCount).toBeLessThanOrEqual(MAX);
  });

  it("P27: a model names its client's schema, whoever asks; only raw SQL follows the tenant", async () => {
    await context.run(acme, async () => {
      const shared = clientOf('public');
      await expect(shared.job.findMany()).rejects.toThrow(/permission denied/);
      expect((await rawIds(shared)).map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `tenant_acme-${n}`));
      const foreign = clientOf(schemaOf(globex));
      expect((await foreign.job.findMany()).map(({ tenantId }) => tenantId)).toContain('tenant_globex');
      expect((await rawIds(foreign)).map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `tenant_acme-${n}`));
    });
  });

  it("P27: a scoped client takes the client of its tenant's schema: models, raw SQL and transactions agree", async () => {
    const made: string[] = [];
    const options = { context, floor: pool, maxClients: 2, tenantField: 'none: each has its own tables' };
    const scoped = tenantScoped(({ schema }) => {
      made.push(schema);
      return new PrismaClient({ adapter: new PrismaPg(pool, { schema }), transactionOptions: longTransactions });
    }, options);
    const tally = new Tally();
    await interleaved(context, { callers: 9, rounds: 8 }, async (tenant) => {
      const schema = schemaOf(tenant);
      const own = [1, 2, 3].map((n) => `${schema}-${n}`).join();
      const see = (what: string, rows: readonly { id: string }[]) => {
        if (rows.map(({ id }) => id).join() !== own) tally.add(`${what}: wrong rows`);
      };
      see('model', await scoped.job.findMany({ orderBy: { id: 'asc' } }));
      see('raw', await rawIds(scoped));
      const [models, raw] = await scoped.$transaction([
        scoped.job.findMany({ orderBy: { id: 'asc' } }),
        scoped.job.count(),
      ]);
      see('list', models);
      if (raw !== 3) tally.add('list: wrong count');
      see(
        'callback',
        await scoped.$transaction(async (tx) =>
          (await rawIds(tx)).length === 3 ? tx.job.findMany({ orderBy: { id: 'asc' } }) : [],
        ),
      );
    });
    expect(tally.counts).toEqual({});
    expect(new Set(made)).toEqual(new Set(['public', ...crowd.map(schemaOf)]));
    await expect(scoped.job.findMany()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await scoped.$disconnect();
    await expect(context.run(acme, () => scoped.job.count())).rejects.toMatchObject({ code: 'scope_refused' });
  });
});

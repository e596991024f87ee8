import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { compilePolicies, createTenantPool, reading, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';
import { type PostgresServer, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Standby } from '../../postgres/test/replicas/standby.js';
import { tenantScoped } from '../src/index.js';
import { acme, globex } from './database/hiring-database.js';
import { PrismaClient } from './generated/client.js';

const TABLES = ['Office', 'Job', 'Candidate'].map((name) => ({ name, tenantColumn: 'tenantId' }));

describe('Prisma in `reading`', () => {
  const context = new TenantContext();
  let primary: PostgresServer;
  let replica: Standby;
  let outside: pg.Pool;
  let pool: TenantPool;
  let plain: PrismaClient;

  beforeAll(async () => {
    primary = await startPostgres({ settings: { wal_keep_size: '256MB' } });
    outside = new pg.Pool({ connectionString: primary.url, max: 2 });
    outside.on('error', () => {});
    await outside.query(await readFile(new URL('database/schema.sql', import.meta.url), 'utf8'));
    const { sql } = compilePolicies({
      role: 'app',
      tables: TABLES,
      shared: [{ name: 'Country' }],
      database: 'postgres',
    });
    await outside.query(sql);
    await outside.query(`alter role app login password 'app'`);
    await outside.query(`insert into "Country" (code, name) values ('CH', 'Switzerland')`);
    for (const { id, slug } of [acme, globex]) {
      await outside.query(
        `insert into "Office" ("tenantId", id, city, "countryCode") values ($1, $2 || '-office', $2, 'CH')`,
        [id, slug],
      );
      await outside.query(
        `insert into "Job" ("tenantId", id, title, salary, "officeId")
         select $1, $2 || '-job-' || n, 'job ' || n, n, $2 || '-office' from generate_series(1, 3) n`,
        [id, slug],
      );
    }
    replica = await Standby.of(primary.url);
    pool = createTenantPool({
      connectionString: Object.assign(new URL(primary.url), { username: 'app', password: 'app' }).href,
      context,
      isolation: rowLevelSecurity({ shared: ['Country'], tenantColumn: 'tenantId' }),
      replicas: [replica.urlAs('app', 'app')],
      reads: { waitMillis: 0 },
    });
    plain = new PrismaClient({ adapter: new PrismaPg(pool) });
  });

  afterAll(async () => {
    await plain?.$disconnect();
    await pool?.end();
    await outside?.end();
    await replica?.stop();
    await primary?.stop();
  });

  const scoped = () => tenantScoped(plain, { context, shared: ['Country'], floor: pool });
  const port = async (client: Pick<PrismaClient, '$queryRaw'>) =>
    (await client.$queryRaw<{ port: number }[]>`select inet_server_port() as port`)[0]?.port;
  const onReplica = (client: Pick<PrismaClient, '$queryRaw'>) =>
    vi.waitFor(async () => expect(await reading(() => port(client))).toBe(replica.port), { timeout: 30_000 });

  it('queries that start when they are awaited, and both forms of a transaction, are answered by the replica with the own rows', async () => {
    const prisma = scoped();
    for (const tenant of [acme, globex]) {
      await context.run(tenant, async () => {
        await onReplica(plain);
        const jobs = await reading(() => prisma.job.findMany({ include: { office: true } }));
        expect(jobs.map(({ tenantId }) => tenantId)).toEqual([tenant.id, tenant.id, tenant.id]);
        expect(await reading(() => prisma.$transaction([prisma.job.count(), prisma.office.count()]))).toEqual([3, 1]);
        await vi.waitFor(async () => {
          const told = await reading(() =>
            prisma.$transaction(async (tx) => [await port(tx as never), await tx.job.count()]),
          );
          expect(told).toEqual([replica.port, 3]);
        });
        expect(await port(plain)).not.toBe(replica.port);
      });
    }
  });

  it('what writes is refused', async () => {
    await context.run(acme, async () => {
      const prisma = scoped();
      await onReplica(plain);
      await expect(reading(() => prisma.job.create({ data: { id: 'no', title: 'no' } }))).rejects.toThrow(
        /reading|read-only/,
      );
      await expect(reading(() => prisma.job.updateMany({ data: { salary: 0 } }))).rejects.toThrow(/reading|read-only/);
      expect(await prisma.job.count({ where: { salary: 0 } })).toBe(0);
    });
  });

  it('C3: a `findUnique` outside of it is never gathered with one of the same tick inside of it', async () => {
    await context.run(acme, async () => {
      const prisma = scoped();
      await onReplica(plain);
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      // It began before what is committed next, which it need not see; whoever asks afterwards must.
      const old = reading(async () => {
        await reading(() => prisma.job.count());
        await released;
        return prisma.job.findUnique({ where: { id: 'acme-job-1' } });
      });
      await onReplica(plain);
      await replica.pause();
      try {
        await outside.query(`update "Job" set title = 'committed' where id = 'acme-job-1'`);
        release();
        await Promise.resolve();
        const asked = prisma.job.findUnique({ where: { id: 'acme-job-1' } });
        const [, fresh] = await Promise.all([old, asked]);
        expect(fresh).toMatchObject({ title: 'committed' });
      } finally {
        await replica.resume();
      }
    });
  });
});

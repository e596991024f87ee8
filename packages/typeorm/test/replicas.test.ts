import { TenantContext } from '@tenancy/core';
import { compilePolicies, reading, rowLevelSecurity, TenantPool } from '@tenancy/postgres';
import { type PostgresServer, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Standby } from '../../postgres/test/replicas/standby.js';
import { acme, globex, Job, versions } from './database/floor-database.js';

const PORT = 'select inet_server_port() as port';

describe('TypeORM in `reading`', () => {
  let primary: PostgresServer;
  let replica: Standby;

  beforeAll(async () => {
    primary = await startPostgres({ settings: { wal_keep_size: '256MB' } });
    const owner = new pg.Client({ connectionString: primary.url });
    await owner.connect();
    await owner.query(`create table job ("tenantId" text not null default current_setting('app.tenant_id'), id text primary key,
      title text not null, salary int not null default 0)`);
    const tables = [{ name: 'job', tenantColumn: 'tenantId' }];
    await owner.query(compilePolicies({ role: 'app', tables, database: 'postgres' }).sql);
    await owner.query(`alter role app login password 'app'`);
    for (const { id, slug } of [acme, globex]) {
      await owner.query(`insert into job select $1, $2 || '-job-' || n, 'job', n from generate_series(1, 3) n`, [
        id,
        slug,
      ]);
    }
    await owner.end();
    replica = await Standby.of(primary.url);
  });

  afterAll(async () => {
    await replica?.stop();
    await primary?.stop();
  });

  it.each(versions)(
    '$version: repositories and transactions are answered by the replica, and what writes is refused',
    async ({ Source, Schema }) => {
      const context = new TenantContext();
      const source: DataSource = new Source({
        type: 'postgres',
        url: Object.assign(new URL(primary.url), { username: 'app', password: 'app' }).href,
        entities: [
          new Schema<Job>({
            name: 'Job',
            target: Job,
            tableName: 'job',
            columns: {
              tenantId: { type: 'text', insert: false, update: false },
              id: { type: 'text', primary: true },
              title: { type: 'text' },
              salary: { type: 'int', default: 0 },
            },
          }),
        ],
        installExtensions: false,
        driver: { ...pg, Pool: TenantPool },
        extra: {
          context,
          isolation: rowLevelSecurity({ tenantColumn: 'tenantId' }),
          replicas: [replica.urlAs('app', 'app')],
          reads: { waitMillis: 1_000 },
        },
      });
      await source.initialize();
      try {
        for (const { id, slug } of [acme, globex]) {
          await context.run({ id, slug }, async () => {
            await vi.waitFor(async () => expect((await reading(() => source.query(PORT)))[0].port).toBe(replica.port), {
              timeout: 30_000,
            });
            const jobs = await reading(() => source.getRepository(Job).find({ order: { id: 'ASC' } }));
            expect(jobs.map((job) => job.id)).toEqual([1, 2, 3].map((n) => `${slug}-job-${n}`));
            const told = await reading(() =>
              source.transaction('REPEATABLE READ', async (manager) => [
                await manager.count(Job),
                (await manager.query('select pg_is_in_recovery() as replica'))[0].replica,
              ]),
            );
            expect(told).toEqual([3, true]);
            await expect(
              reading(() => source.getRepository(Job).update({ title: 'job' }, { salary: 9 })),
            ).rejects.toThrow(/`reading`/);
            await expect(
              reading(() => source.transaction((manager) => manager.insert(Job, { id: 'no', title: 'no' }))),
            ).rejects.toThrow(/`reading`/);
            expect(await source.getRepository(Job).countBy({ salary: 9 })).toBe(0);
          });
        }
      } finally {
        await source.destroy();
      }
    },
  );
});

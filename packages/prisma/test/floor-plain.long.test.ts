import type { TenantPool } from '@tenancy/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  crowd,
  type FloorDatabase,
  interleaved,
  meetingOf,
  openFloorDatabase,
  Tally,
} from './database/floor-database.js';
import { acme, globex } from './database/hiring-database.js';
import { longTransactions } from './database/long-transactions.js';

let db: FloorDatabase;
let pool: TenantPool;
let plain: ReturnType<FloorDatabase['plain']>;
beforeAll(async () => {
  db = await openFloorDatabase();
  pool = db.pool(5);
  plain = db.plain(pool);
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

const ownIds = (slug: string) => [1, 2, 3].map((n) => `${slug}-job-${n}`);

const jobsOf = (client: Pick<typeof plain, '$queryRaw'>) => client.$queryRaw<{ id: string }[]>`SELECT "id" FROM "Job"`;

describe('a client without a scope on a tenant pool', () => {
  it("raw SQL without a WHERE sees and changes one tenant's rows, and is refused without a tenant", async () => {
    const others = await db.rowsOf(globex);
    await db.context.run(acme, async () => {
      expect(await plain.$queryRaw`SELECT "id" FROM "Job" ORDER BY "id"`).toEqual(ownIds('acme').map((id) => ({ id })));
      expect(await plain.$executeRaw`UPDATE "Job" SET "salary" = 5`).toBe(3);
      expect(await plain.$executeRaw`INSERT INTO "Job" ("id", "title") VALUES ('new', 'new')`).toBe(1);
      expect(await plain.$executeRawUnsafe('DELETE FROM "Job" WHERE "id" = $1', 'globex-job-1')).toBe(0);
      await expect(
        plain.$executeRaw`INSERT INTO "Job" ("tenantId", "id", "title") VALUES (${globex.id}, 'x', 'x')`,
      ).rejects.toThrow(/row-level security/);
      await expect(plain.$queryRaw`SELECT set_config('app.tenant_id', ${globex.id}, false)`).rejects.toThrow(
        /tenant_switch_refused/,
      );
    });
    await expect((async () => plain.$queryRaw`SELECT "id" FROM "Job"`)()).rejects.toThrow(/tenant_context_missing/);
    await expect((async () => plain.job.findMany())()).rejects.toThrow(/tenant_context_missing/);
    expect(await db.rowsOf(globex)).toEqual(others);
    expect(await db.outside.job.count({ where: { tenantId: acme.id } })).toBe(4);
  });

  it('interleaved: raw SQL and models of three tenants: 0 of 4,050 wrong', async () => {
    const tally = new Tally();
    let queries = 0;
    await interleaved(db.context, { callers: 45, rounds: 30 }, async ({ slug }) => {
      for (const rows of [await jobsOf(plain), await plain.job.findMany(), await plain.job.findMany({ take: 3 })]) {
        queries += 1;
        if (rows.length !== 3 || rows.some(({ id }) => !ownIds(slug).includes(id))) tally.add('wrong rows');
      }
    });
    expect(tally.counts).toEqual({});
    expect(queries).toBe(4050);
    expect(pool.totalCount).toBeLessThanOrEqual(5);
  });

  it('interleaved: where open transactions share a tick, queries are refused rather than sent as another tenant', async () => {
    const tally = new Tally();
    for (let round = 0; round < 10; round += 1) {
      const meet = meetingOf(crowd.length);
      await Promise.all(
        crowd.map((tenant) =>
          db.context.run(tenant, async () => {
            const work = plain.$transaction(async (tx) => {
              await jobsOf(tx);
              await meet();
              return jobsOf(tx);
            }, longTransactions);
            const rows = await work.catch((error: unknown) => tally.failure('transaction', error));
            if (!rows) return;
            const own = rows.length === 3 && rows.every(({ id }) => ownIds(tenant.slug).includes(id));
            tally.add(own ? 'own rows' : 'wrong rows');
          }),
        ),
      );
    }
    const [refused = '', ...others] = Object.keys(tally.counts).filter((what) => what !== 'own rows');
    expect([refused, others]).toEqual([expect.stringContaining('tenant_switch_refused'), []]);
  });

  it('C3: findUnique and lists of one tick are sent as the first tenant, which is why a client needs the scope', async () => {
    const answers = await Promise.all(
      [acme, globex].map((tenant) =>
        db.context.run(tenant, async () => {
          const one = plain.job.findUnique({ where: { id: 'acme-job-1' } });
          const list = plain.$transaction([plain.job.findMany()]);
          return [(await one)?.tenantId, (await list)[0][0]?.tenantId];
        }),
      ),
    );
    expect(answers).toEqual([
      [acme.id, acme.id],
      [acme.id, acme.id],
    ]);
  });
});

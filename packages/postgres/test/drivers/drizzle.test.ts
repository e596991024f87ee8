import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { crowded, jobsOf, resetJobs } from './crowd.js';

const job = pgTable('job', {
  // The names of the columns, which the answers are checked by.
  tenant_id: text().notNull().default(sql`current_setting('app.tenant_id')`),
  id: integer().notNull(),
  title: text().notNull(),
});

const open = (pool: TenantPool) => drizzle(pool, { schema: { job } });

describe('Drizzle on a tenant pool', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  let db: ReturnType<typeof open>;
  beforeAll(async () => {
    pool = database.pool({ max: 5 });
    db = open(pool);
  });
  beforeEach(() => resetJobs(database));

  it('reads and writes its own rows alone, without a condition', async () => {
    const others = await jobsOf(database, globex);
    await database.context.run(acme, async () => {
      const mine = await jobsOf(database, acme);
      expect(await db.select().from(job).orderBy(job.id)).toEqual(mine);
      expect(await db.query.job.findMany({ orderBy: job.id })).toEqual(mine);
      expect((await db.execute(sql`select * from job order by id`)).rows).toEqual(mine);
      await db.insert(job).values({ id: 11, title: 'new' });
      expect(await db.update(job).set({ title: 'changed' }).returning()).toHaveLength(11);
      expect(await db.delete(job).returning()).toHaveLength(11);
    });
    expect(await jobsOf(database, globex)).toEqual(others);
    expect(await jobsOf(database, acme)).toEqual([]);
  });

  it('commits and rolls back, and nests', () =>
    database.context.run(acme, async () => {
      await db.transaction(async (tx) => {
        await tx.delete(job).where(sql`id = 1`);
        const nested = tx.transaction(async (inner) => {
          await inner.delete(job);
          inner.rollback();
        });
        await expect(nested).rejects.toThrow(/rollback/i);
        expect(await tx.select().from(job)).toHaveLength(9);
      });
      const failing = db.transaction(
        async (tx) => {
          expect((await tx.execute(sql`show transaction_isolation`)).rows).toEqual([
            { transaction_isolation: 'serializable' },
          ]);
          await tx.delete(job);
          throw new Error('changed my mind');
        },
        { isolationLevel: 'serializable' },
      );
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await jobsOf(database, acme)).toHaveLength(9);
    }));

  it("refuses every query without a tenant, and another tenant's row", async () => {
    const missing = { cause: { code: 'tenant_context_missing' } };
    await expect(db.select().from(job)).rejects.toMatchObject(missing);
    await expect(db.transaction((tx) => tx.select().from(job))).rejects.toMatchObject(missing);
    expect(pool.idleCount).toBe(pool.totalCount);
    const foreign = db.insert(job).values({ tenant_id: globex.id, id: 11, title: 'theirs' });
    await expect(database.context.run(acme, () => foreign.execute())).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/row-level security/) },
    });
    expect(await jobsOf(database, globex)).toHaveLength(10);
  });

  it('interleaved: queries, transactions and prepared statements of three tenants, 0 of 5,400 wrong', async () => {
    // One statement, prepared by one tenant and used by all.
    const prepared = db.select().from(job).prepare('every job');
    const count = await crowded(database, { callers: 45, rounds: 40 }, async (check) => {
      check(await db.select().from(job));
      const failing = db.transaction(async (tx) => {
        await tx.delete(job).where(sql`id = 1`);
        check(await tx.select().from(job), 9);
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      check(await prepared.execute());
    });
    expect(count).toEqual({ queries: 5400, wrong: 0 });
    expect(pool.totalCount).toBeLessThanOrEqual(5);
  });
});

import { type Generated, Kysely, PostgresDialect, sql } from 'kysely';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { crowded, jobsOf, resetJobs } from './crowd.js';

interface Schema {
  job: { tenant_id: Generated<string>; id: number; title: string };
}

describe('Kysely on a tenant pool', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  let kysely: Kysely<Schema>;
  beforeAll(async () => {
    pool = database.pool({ max: 5 });
    kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
  });
  beforeEach(() => resetJobs(database));
  afterAll(async () => {
    await kysely.destroy();
  });

  const all = (on: Kysely<Schema> = kysely) => on.selectFrom('job').selectAll().orderBy('id');

  it('reads and writes its own rows alone, without a condition', async () => {
    const others = await jobsOf(database, globex);
    await database.context.run(acme, async () => {
      expect(await all().execute()).toEqual(await jobsOf(database, acme));
      expect((await sql`select * from job`.execute(kysely)).rows).toHaveLength(10);
      await kysely.insertInto('job').values({ id: 11, title: 'new' }).execute();
      expect((await kysely.updateTable('job').set({ title: 'changed' }).executeTakeFirst()).numUpdatedRows).toBe(11n);
      expect((await kysely.deleteFrom('job').executeTakeFirst()).numDeletedRows).toBe(11n);
    });
    expect(await jobsOf(database, globex)).toEqual(others);
    expect(await jobsOf(database, acme)).toEqual([]);
  });

  it('commits and rolls back, by callback and under control', () =>
    database.context.run(acme, async () => {
      await kysely.transaction().execute((tx) => tx.deleteFrom('job').where('id', '=', 1).execute());
      const failing = kysely
        .transaction()
        .setIsolationLevel('serializable')
        .execute(async (tx) => {
          expect(await sql`show transaction_isolation`.execute(tx)).toMatchObject({
            rows: [{ transaction_isolation: 'serializable' }],
          });
          await tx.deleteFrom('job').execute();
          throw new Error('changed my mind');
        });
      await expect(failing).rejects.toThrow('changed my mind');
      const tx = await kysely.startTransaction().execute();
      await tx.deleteFrom('job').where('id', '=', 2).execute();
      const saved = await tx.savepoint('before').execute();
      await saved.deleteFrom('job').execute();
      await saved.rollbackToSavepoint('before').execute();
      await tx.commit().execute();
      expect((await jobsOf(database, acme)).map(({ id }) => id)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    }));

  it('streams its own rows alone', () =>
    database.context.run(acme, async () => {
      const rows: unknown[] = [];
      for await (const row of all().stream(3)) rows.push(row);
      expect(rows).toEqual(await jobsOf(database, acme));
    }));

  it("refuses every query without a tenant, and another tenant's row", async () => {
    await expect(all().execute()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await expect(kysely.transaction().execute((tx) => all(tx).execute())).rejects.toMatchObject({
      code: 'tenant_context_missing',
    });
    const foreign = kysely.insertInto('job').values({ tenant_id: globex.id, id: 11, title: 'theirs' });
    await expect(database.context.run(acme, () => foreign.execute())).rejects.toThrow(/row-level security/);
    expect(await jobsOf(database, globex)).toHaveLength(10);
  });

  it('interleaved: queries, transactions and streams of three tenants, 0 of 5,400 wrong', async () => {
    const count = await crowded(database, { callers: 45, rounds: 40 }, async (check) => {
      check(await all().execute());
      const failing = kysely.transaction().execute(async (tx) => {
        await tx.deleteFrom('job').where('id', '=', 1).execute();
        check(await all(tx).execute(), 9);
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      const rows: unknown[] = [];
      for await (const row of all().stream(4)) rows.push(row);
      check(rows);
    });
    expect(count).toEqual({ queries: 5400, wrong: 0 });
    expect(pool.totalCount).toBeLessThanOrEqual(5);
  });
});

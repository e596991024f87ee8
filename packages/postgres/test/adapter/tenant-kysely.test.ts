import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '@tenancy/core/adapter';
import { type Generated, type Kysely, sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, type FloorDatabase, globex, openFloorDatabase } from '../database/floor-database.js';
import { crowded, jobsOf, resetJobs } from '../drivers/crowd.js';
import { AdminKysely, isTenantKyselyError, tenantKysely } from './tenant-kysely.js';

interface Schema {
  job: { tenant_id: Generated<string>; id: number; title: string };
}

let database: FloorDatabase;
let pool: TenantPool;
let kysely: Kysely<Schema>;
beforeAll(async () => {
  database = await openFloorDatabase();
  pool = database.pool({ max: 5 });
  kysely = tenantKysely<Schema>({ context: database.context, pool });
});
beforeEach(() => resetJobs(database));
afterAll(async () => {
  await kysely.destroy();
  await database.stop();
});

const all = (on: Kysely<Schema> = kysely) => on.selectFrom('job').selectAll().orderBy('id');

describe('the adapter of docs/adapter.md', () => {
  it('is what stands on the page, to the letter', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/adapter.md'), 'utf8');
    expect(page).toContain(readFileSync(join(import.meta.dirname, 'tenant-kysely.ts'), 'utf8'));
  });

  it('reads and writes its own rows, and no others', async () => {
    await database.context.run(acme, async () => {
      expect(await all().execute()).toEqual(await jobsOf(database, acme));
      await kysely.insertInto('job').values({ id: 11, title: 'new' }).execute();
      expect((await kysely.updateTable('job').set({ title: 'changed' }).executeTakeFirst()).numUpdatedRows).toBe(11n);
      await kysely.transaction().execute((tx) => tx.deleteFrom('job').execute());
      const foreign = kysely.insertInto('job').values({ tenant_id: globex.id, id: 11, title: 'theirs' });
      await expect(foreign.execute()).rejects.toThrow(/row-level security/);
    });
    expect(await jobsOf(database, acme)).toEqual([]);
    expect((await jobsOf(database, globex)).map(({ title }) => title)).not.toContain('changed');
    expect(await jobsOf(database, globex)).toHaveLength(10);
  });

  it('interleaved: the queries and transactions of three tenants, 0 of 1,800 wrong', async () => {
    const count = await crowded(database, { callers: 45, rounds: 20 }, async (check) => {
      check(await all().execute());
      await kysely.transaction().execute(async (tx) => check(await all(tx).execute()));
    });
    expect(count).toEqual({ queries: 1800, wrong: 0 });
    expect(pool.totalCount).toBeLessThanOrEqual(5);
  });

  it('refuses everything without a tenant, also what reads no table and what begins a transaction', async () => {
    const before = pool.totalCount - pool.idleCount;
    const refused = { code: 'tenant_context_missing' };
    await expect(all().execute()).rejects.toMatchObject(refused);
    await expect(sql`select 1`.execute(kysely)).rejects.toMatchObject(refused);
    let begun = false;
    const transaction = kysely.transaction().execute(async () => {
      begun = true;
    });
    await expect(transaction).rejects.toMatchObject(refused);
    expect(begun).toBe(false);
    expect(pool.totalCount - pool.idleCount).toBe(before);
  });

  it('refuses a transaction to another tenant than the one that began it', async () => {
    const tx = await database.context.run(acme, () => kysely.startTransaction().execute());
    try {
      await expect(database.context.run(globex, () => all(tx).execute())).rejects.toMatchObject({
        code: 'tenant_switch_refused',
      });
      expect(await database.context.run(acme, () => all(tx).execute())).toEqual(await jobsOf(database, acme));
    } finally {
      await database.context.run(acme, () => tx.rollback().execute());
    }
  });

  it('is made of a tenant pool alone, and of a context', () => {
    const plain = new pg.Pool({ connectionString: database.url });
    for (const [options, message] of [
      [{ context: database.context, pool: plain }, /^kysely_misconfigured: .+not a tenant pool/],
      [{ context: database.context }, /^kysely_misconfigured: .+not a tenant pool/],
      [{ pool }, /^kysely_misconfigured: .+`context` is missing/],
    ] as const) {
      let thrown: unknown;
      try {
        tenantKysely(options as never);
      } catch (error) {
        thrown = error;
      }
      expect(isTenantKyselyError(thrown, 'kysely_misconfigured')).toBe(true);
      expect((thrown as Error).message).toMatch(message);
    }
  });
});

describe('its admin', () => {
  it("reaches every tenant's rows, with a reason and a record", async () => {
    const events: AuditEvent[] = [];
    const plain = new pg.Pool({ connectionString: database.superuserUrl, max: 1 });
    const admin = new AdminKysely<Schema>(plain, { audit: (event) => void events.push(event) });
    const count = (raw: Kysely<Schema>) => raw.selectFrom('job').select(sql<string>`count(*)`.as('n')).execute();
    const reason = 'monthly invoices';
    expect(await database.context.run(acme, () => admin.acrossTenants({ reason }, count))).toEqual([{ n: '30' }]);
    expect(events).toEqual([{ action: 'across_tenants', fromTenantId: acme.id, reason, at: expect.any(Date) }]);
    await expect(admin.acrossTenants({ reason: ' ' }, count)).rejects.toMatchObject({ code: 'tenancy_misconfigured' });
    expect(events).toHaveLength(1);
    await plain.end();
  });

  it('does nothing that cannot be recorded, and takes no tenant pool', async () => {
    const plain = new pg.Pool({ connectionString: database.superuserUrl, max: 1 });
    const failing = new AdminKysely<Schema>(plain, { audit: () => Promise.reject(new Error('the log is full')) });
    const deleteAll = (raw: Kysely<Schema>) => raw.deleteFrom('job').execute();
    await expect(failing.acrossTenants({ reason: 'x' }, deleteAll)).rejects.toThrow('the log is full');
    expect(await jobsOf(database, acme)).toHaveLength(10);
    expect(() => new AdminKysely(pool)).toThrow(/^kysely_misconfigured: AdminKysely/);
    await plain.end();
  });
});

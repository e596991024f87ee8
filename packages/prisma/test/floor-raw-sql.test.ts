import { PrismaPg } from '@prisma/adapter-pg';
import { createTenantPool, rowLevelSecurity, schemaPerTenant, type TenantPool } from '@tenancy/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isTenantScopeError, tenantScoped } from '../src/index.js';
import { crowd, type FloorDatabase, interleaved, openFloorDatabase } from './database/floor-database.js';
import { acme, globex } from './database/hiring-database.js';
import { Prisma, PrismaClient } from './generated/client.js';

describe('P22: raw SQL of a scoped client on a tenant pool', () => {
  let db: FloorDatabase;
  let pool: TenantPool;
  let prisma: ReturnType<FloorDatabase['scoped']>;
  beforeAll(async () => {
    db = await openFloorDatabase();
    pool = db.pool(3);
    prisma = db.scoped(pool);
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  const tenantsOf = (rows: readonly { tenantId: string }[]) => [...new Set(rows.map(({ tenantId }) => tenantId))];

  it('returns the own rows and no others, without a where', async () => {
    for (const tenant of crowd) {
      await db.context.run(tenant, async () => {
        const rows = await prisma.$queryRaw<{ tenantId: string }[]>`select * from "Job"`;
        expect([rows.length, tenantsOf(rows)]).toEqual([3, [tenant.id]]);
        const unsafe = await prisma.$queryRawUnsafe<{ tenantId: string }[]>('select * from "Job" where true or true');
        expect(tenantsOf(unsafe)).toEqual([tenant.id]);
      });
    }
  });

  it('does so for all tenants at once, beside their model queries', async () => {
    let wrong = 0;
    await interleaved(db.context, { callers: 30, rounds: 20 }, async (tenant) => {
      const [raw, models] = await Promise.all([
        prisma.$queryRaw<{ tenantId: string }[]>`select * from "Job"`,
        prisma.job.findMany(),
      ]);
      for (const rows of [raw, models]) {
        if (rows.length !== 3 || tenantsOf(rows)[0] !== tenant.id || tenantsOf(rows).length !== 1) wrong += 1;
      }
    });
    expect(wrong).toBe(0);
  });

  it('changes the own rows and no others', async () => {
    const before = await db.rowsOf(globex);
    await db.context.run(acme, async () => {
      expect(await prisma.$executeRaw`update "Job" set salary = 7`).toBe(3);
      expect(await prisma.$executeRawUnsafe('delete from "Candidate"')).toBe(2);
      const forGlobex = prisma.$executeRaw`insert into "Job" ("tenantId", id, title) values (${globex.id}, 'x', 'x')`;
      await expect(forGlobex).rejects.toThrow(/row-level security/);
    });
    expect(await db.rowsOf(globex)).toEqual(before);
    expect((await db.rowsOf(acme)).jobs.map(({ salary }) => salary)).toEqual([7, 7, 7]);
  });

  it('takes part in both forms of a transaction, and is rolled back with it', async () => {
    await db.context.run(acme, async () => {
      const [count, jobs] = await prisma.$transaction([
        prisma.$executeRaw`update "Job" set salary = 1`,
        prisma.job.findMany({ select: { salary: true } }),
      ]);
      expect([count, jobs]).toEqual([3, [{ salary: 1 }, { salary: 1 }, { salary: 1 }]]);
      const failed = prisma.$transaction(async (tx) => {
        await tx.$executeRaw`update "Job" set salary = 2`;
        expect(await tx.$queryRaw`select count(*)::int as n from "Job" where salary = 2`).toEqual([{ n: 3 }]);
        throw new Error('enough');
      });
      await expect(failed).rejects.toThrow('enough');
      expect(await prisma.$queryRaw(Prisma.sql`select distinct salary from "Job"`)).toEqual([{ salary: 1 }]);
    });
  });

  it('sends nothing without a tenant', async () => {
    await expect(prisma.$queryRaw`select * from "Job"`).rejects.toThrow('tenant_context_missing');
  });
});

describe('the option `floor`', () => {
  const context = { tenantId: 't_acme', bind: (fn: unknown) => fn } as never;
  const connectionString = 'postgres://localhost/nowhere';
  const tenantPool = (isolation = rowLevelSecurity()) =>
    createTenantPool({ connectionString, context: { current: () => acme, isActive: () => true }, isolation });
  const construction = (over: pg.Pool, floor?: unknown) => () =>
    tenantScoped(new PrismaClient({ adapter: new PrismaPg(over) }), {
      context,
      shared: ['Country'],
      ...(floor !== undefined && { floor: floor as TenantPool }),
    });
  const refusal = (construct: () => unknown) => {
    try {
      construct();
    } catch (error) {
      return isTenantScopeError(error, 'scope_misconfigured') ? error.message : error;
    }
    return 'accepted';
  };

  it('must be a tenant pool, and the one that the client is on', () => {
    const pool = tenantPool();
    expect(refusal(construction(pool, pool))).toBe('accepted');
    expect(refusal(construction(pool, tenantPool()))).toMatch('does not send its queries through');
    const plain = new pg.Pool({ connectionString });
    expect(refusal(construction(plain, plain))).toMatch('not a tenant pool');
    expect(refusal(construction(plain, pool))).toMatch('does not send its queries through');
    expect(refusal(construction(pool, {}))).toMatch('not a tenant pool');
  });

  it('P22: without it raw SQL is refused on a tenant pool too', () => {
    const client = construction(tenantPool())() as unknown as Record<string, () => unknown>;
    expect(client['$queryRaw']).toThrow(/scope_refused.*floor/s);
  });

  it('P27: one client for the schemas of all tenants is refused, because the queries of models would all go to one', () => {
    const pool = tenantPool(schemaPerTenant());
    expect(refusal(construction(pool))).toMatch('a Prisma client belongs to one schema');
    expect(refusal(construction(pool, pool))).toMatch('a Prisma client belongs to one schema');
  });
});

import { HealthCheckService, PrismaHealthIndicator, TerminusModule } from '@nestjs/terminus';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FloorDatabase, openFloorDatabase } from './database/floor-database.js';
import { acme, globex, tenants } from './database/hiring-database.js';
import { Prisma, type PrismaClient } from './generated/client.js';

/** The part of a client that a health check uses, and an attack. */
type Loose = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

describe('F16: the health of a scoped client', () => {
  let db: FloorDatabase;
  let module: TestingModule;
  const clients: { readonly [name: string]: Pick<FloorDatabase['prisma'], '$queryRawUnsafe'> } = {};
  beforeAll(async () => {
    db = await openFloorDatabase();
    await db.seed();
    Object.assign(clients, {
      'without a floor': db.prisma,
      'on a floor': db.scoped(db.pool(2)),
      'extended, on a floor': db
        .scoped(db.pool(2))
        .$extends({ query: { $allOperations: ({ args, query }) => query(args) } }),
    });
    module = await Test.createTestingModule({ imports: [TerminusModule] }).compile();
  });
  afterAll(async () => {
    await module.close();
    await db.stop();
  });

  it.each(['without a floor', 'on a floor', 'extended, on a floor'])(
    '%s: Terminus says "up" outside a tenant, inside one, and to tenants in turn',
    async (name) => {
      const client = clients[name] as Pick<FloorDatabase['prisma'], '$queryRawUnsafe'>;
      const check = () =>
        module
          .get(HealthCheckService)
          .check([() => module.get(PrismaHealthIndicator).pingCheck('database', client, { timeout: 30_000 })]);
      const up = expect.objectContaining({
        status: 'ok',
        info: { database: expect.objectContaining({ status: 'up' }) },
      });
      expect(await check()).toEqual(up);
      expect(await db.context.run(acme, check)).toEqual(up);
      const many = Array.from({ length: 10 }, () => [
        check(),
        ...tenants.map((tenant) => db.context.run(tenant, check)),
      ]);
      expect(await Promise.all(many.flat())).toEqual(Array(30).fill(up));
    },
  );

  it.each(['without a floor', 'on a floor'])(
    '%s: constants in any form, once each, when they are awaited',
    async (name) => {
      const client = clients[name] as unknown as Loose;
      for (const run of [<R>(work: () => R) => work(), <R>(work: () => R) => db.context.run(globex, work)]) {
        expect(await run(() => client['$queryRawUnsafe']?.('select 1 as one, \'ok\' as "said";'))).toEqual([
          { one: 1, said: 'ok' },
        ]);
        expect(await run(() => (client as unknown as PrismaClient).$queryRaw`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
      }
    },
  );

  const outside = { code: 'tenant_context_missing' };
  const refusals = { 'without a floor': { code: 'scope_refused' }, 'on a floor': outside };
  const attacks = [
    'SELECT * FROM "Job"',
    'SELECT 1 FROM "Job"',
    'SELECT 1; SELECT * FROM "Job"',
    'SELECT 1 /* */ FROM "Job"',
    'SELECT 1 AS x FROM dual',
    'SELECT count(*)',
    'SELECT 1::job',
    'SELECT (SELECT title FROM "Job")',
    `SELECT 'a' || (SELECT title FROM "Job")`,
    `SELECT 'a''b'`,
    `SELECT 'a\\' , title FROM "Job" --'`,
    'SELECT 1 UNION SELECT 2',
    'SELECT 1 AS x, pg_sleep(0)',
    'SELECT 1 INTO y',
    'SELECT\u00a01',
    'DELETE FROM "Job"',
  ];
  describe.each(Object.entries(refusals))('%s', (name, refusal) => {
    it.each(attacks)('refuses %j outside a tenant', async (sql) => {
      const client = clients[name] as unknown as Loose;
      for (const method of ['$queryRawUnsafe', '$executeRawUnsafe']) {
        await expect((async () => client[method]?.(sql))()).rejects.toMatchObject(refusal);
      }
      const strings = Object.assign([sql], { raw: [sql] });
      await expect((async () => client['$queryRaw']?.(strings))()).rejects.toMatchObject(refusal);
      await expect((async () => client['$queryRaw']?.(Prisma.raw(sql)))()).rejects.toMatchObject(refusal);
    });

    it('refuses constants that are executed, have parameters, or come in another form', async () => {
      const client = clients[name] as unknown as Loose;
      const strings = Object.assign(['SELECT ', ''], { raw: ['SELECT ', ''] });
      for (const call of [
        () => client['$executeRawUnsafe']?.('SELECT 1'),
        () => client['$queryRaw']?.(strings, 1),
        () => client['$queryRaw']?.(['SELECT 1']),
        () => client['$queryRawUnsafe']?.({ toString: () => 'SELECT 1' }),
      ]) {
        await expect((async () => call())()).rejects.toMatchObject(refusal);
      }
    });
  });

  it("does not go into a transaction: neither another tenant's batch nor its callback", async () => {
    const ping = db.prisma.$queryRawUnsafe('SELECT 1');
    await db.context.run(acme, async () => {
      await expect(db.prisma.$transaction([ping])).rejects.toMatchObject({ code: 'scope_refused' });
      await expect(
        db.prisma.$transaction(async (tx) => (tx as unknown as Loose)['$queryRawUnsafe']?.('SELECT 1')),
      ).rejects.toMatchObject({ code: 'scope_refused' });
    });
  });
});

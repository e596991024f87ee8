import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

/** Prisma takes no column of a foreign key beside a relation, and the tenant field may be one; of a list it takes all rows in one way. */
describe.each(SETTINGS)('%s: new rows that name relations', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  const tenants = [
    [acme, 100],
    [globex, 200],
  ] as const;
  const groups = async (n: number) =>
    (await db.rows()).groups
      .filter(({ id }) => id > n && id < n + 100)
      .map(({ tenantId, id, headNo, rivalId }) => ({ tenantId, id, headNo, rivalId }));

  it("one to one: an own row lets go of what a new one takes, and another tenant's does not", async () => {
    const peers = async (n: number) =>
      (await db.rows()).groups.flatMap(({ id, peerId }) => (id >= n + 50 && id < n + 100 ? [[id, peerId]] : []));
    const take = (n: number, peer: object) => db.prisma.group.create({ data: { id: n, no: `no ${n}`, peer } });
    await Promise.all(
      tenants.map(([tenant, n]) =>
        db.as(tenant, async () => {
          await db.prisma.group.create({ data: { id: n + 50, no: 'first' } });
          await take(n + 51, { connect: { id: n + 50 } });
          await take(n + 52, { connect: { id: n + 50 } });
          await take(n + 53, { connectOrCreate: { where: { id: n + 50 }, create: { id: n + 60, no: 'none' } } });
          await expect(take(n + 54, { connect: { id: (n === 100 ? 200 : 100) + 1 } })).rejects.toMatchObject({
            code: 'P2025',
          });
        }),
      ),
    );
    for (const [, n] of tenants) {
      expect(await peers(n)).toEqual([
        [n + 50, null],
        [n + 51, null],
        [n + 52, null],
        [n + 53, n + 50],
      ]);
    }
  });

  it('a list of which one row names a relation and another none', async () => {
    await Promise.all(
      tenants.map(([tenant, n]) =>
        db.as(tenant, async () => {
          const { group, unit } = db.prisma;
          const before = { id: n + 50, no: 'head' };
          await group.create({ data: before });
          await group.update({
            where: { id: n + 50 },
            data: {
              rivals: {
                create: [
                  { id: n + 51, no: '51' },
                  { id: n + 52, no: '52', head: { connect: { tenantId_no: { tenantId: tenant.id, no: 'head' } } } },
                ],
              },
            },
          });
          const org = { connect: { id: tenant.id } };
          const children = [
            { id: n + 50, name: 'one' },
            { id: n + 51, name: 'two', org },
          ];
          await unit.update({ where: { id: n + 1 }, data: { children: { create: children } } });
        }),
      ),
    );
    for (const [tenant, n] of tenants) {
      const rest = { tenantId: tenant.id, rivalId: n + 50 };
      expect((await groups(n)).filter(({ id }) => id > n + 49)).toEqual([
        { tenantId: tenant.id, id: n + 50, headNo: null, rivalId: null },
        { ...rest, id: n + 51, headNo: null },
        { ...rest, id: n + 52, headNo: 'head' },
      ]);
      const units = (await db.rows()).units.filter(({ id }) => id >= n + 50 && id < n + 100);
      expect(units.map(({ tenantId, parentId }) => [tenantId, parentId])).toEqual([
        [tenant.id, n + 1],
        [tenant.id, n + 1],
      ]);
    }
  });

  it('a column of a foreign key beside a relation, which Prisma refuses', async () => {
    const before = await db.rows();
    for (const [tenant, n] of tenants) {
      const create = { id: n + 50, no: 'new', headNo: null, rival: { connect: { id: n + 1 } } };
      await db.as(tenant, async () => {
        const { group } = db.prisma;
        const validation = expect.objectContaining({ name: 'PrismaClientValidationError' });
        await expect(group.create({ data: create as never })).rejects.toEqual(validation);
        const besideNothing = { id: n + 50, regionCode: null, depot: {} };
        await expect(db.prisma.shipment.create({ data: besideNothing as never })).rejects.toEqual(validation);
        for (const id of [n + 1, n + 50]) {
          const upsert = { where: { id }, create: create as never, update: { is: 'there' } };
          await expect(group.upsert(upsert)).rejects.toEqual(validation);
        }
      });
    }
    expect(await db.rows()).toEqual(before);
  });

  it('a row that an upsert may make', async () => {
    const upsert = (n: number, rivalId: number) =>
      db.prisma.group.upsert({
        where: { id: n + 50 },
        create: { id: n + 50, no: 'new', rival: { connect: { id: rivalId } } },
        update: { is: 'there' },
      });
    for (const [tenant, n] of tenants) {
      await db.as(tenant, async () => {
        await db.prisma.group.create({ data: { id: n + 60, no: 'rival' } });
        expect(await upsert(n, n + 60)).toMatchObject({ tenantId: tenant.id, rivalId: n + 60, is: 'some' });
        expect(await upsert(n, n + 60)).toMatchObject({ tenantId: tenant.id, is: 'there' });
      });
    }
    const before = await db.rows();
    for (const id of [260, 999]) {
      await expect(db.as(acme, () => upsert(101, id))).rejects.toMatchObject({ code: 'scope_refused' });
    }
    expect(await db.rows()).toEqual(before);
  });
});

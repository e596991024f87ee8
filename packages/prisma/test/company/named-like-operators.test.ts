import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

describe.each(SETTINGS)('%s: a related model with a field called `is`', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
    await db.seed();
    for (const [{ id: tenantId }, n] of [
      [acme, 100],
      [globex, 200],
    ] as const) {
      await db.outside.group.create({ data: { tenantId, id: n + 3, no: 'k3', is: 'blue' } });
      await db.outside.group.update({ where: { id: n + 1 }, data: { headNo: 'k2', rivalId: n + 3 } });
      await db.outside.group.update({ where: { id: n + 2 }, data: { is: 'red', rivalId: n + 2 } });
    }
  });
  afterAll(() => db.stop());

  const filters: readonly object[] = [
    {},
    { is: {} },
    { isNot: {} },
    { is: null },
    { isNot: null },
    { is: 'red' },
    { is: { equals: 'red' } },
    { is: { contains: 'e', not: 'red' } },
    { is: { in: ['red', 'some'] } },
    { is: 'red', no: 'k2' },
    { is: { is: 'red' } },
    { is: { is: { contains: 'l' } } },
    { is: { no: 'k3' } },
    { is: { AND: [{ no: 'k3' }] } },
    { isNot: { is: 'red' } },
    { is: { no: 'k2' }, isNot: { no: 'k3' } },
    { AND: [{ is: 'blue' }] },
    { OR: [{ is: 'blue' }, { is: 'red' }] },
  ];

  it.each(filters.map((filter) => [JSON.stringify(filter), filter]))(
    '%s finds what Prisma finds',
    async (_, filter) => {
      for (const relation of ['rival', 'head'] as const) {
        for (const tenant of [acme, globex]) {
          const asked = { [relation]: filter };
          const plain = { AND: [asked, { tenantId: tenant.id }] };
          const expected = await db.outside.group.findMany({ where: plain as never, orderBy: { id: 'asc' } });
          const found = db.as(tenant, () =>
            db.prisma.group.findMany({ where: asked as never, orderBy: { id: 'asc' } }),
          );
          expect(await found).toEqual(expected);
        }
      }
    },
  );

  it('a row of another tenant decides nothing, whichever way it is asked', async () => {
    const { prisma, outside } = db;
    await outside.group.update({ where: { id: 103 }, data: { rivalId: 202 } });
    for (const rival of [{ is: 'red' }, { is: { is: 'red' } }, { is: { equals: 'red' } }, { is: { no: 'k2' } }]) {
      const found = await db.as(acme, () => prisma.group.findMany({ where: { rival } as never }));
      expect(found.map(({ id }) => id)).toEqual([102]);
    }
    await outside.group.update({ where: { id: 103 }, data: { rivalId: null } });
  });
});

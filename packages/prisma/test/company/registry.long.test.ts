import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

describe.each(SETTINGS)('%s, prisma-1: through a writable model that the tenant field refers to', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting, { writable: ['Org', 'Region'] });
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  type Units = NonNullable<Parameters<Company['prisma']['org']['update']>[0]['data']['units']>;
  const row = { id: 150, name: 'new' };
  const links: Readonly<Record<string, Units>> = {
    create: { create: row },
    'create with more': { create: [row, { id: 151, name: 'new', children: { create: { id: 152, name: 'new' } } }] },
    createMany: { createMany: { data: [row] } },
    connect: { connect: { id: 102 } },
    'connectOrCreate, not there': { connectOrCreate: { where: { id: 150 }, create: row } },
    'connectOrCreate, there': { connectOrCreate: { where: { id: 102 }, create: row } },
    upsert: { upsert: { where: { id: 150 }, create: row, update: {} } },
    set: { set: [101, 102, 103, 104, 105, 106].map((id) => ({ id })) },
  };

  describe.each(Object.entries(links))('%s', (_name, units) => {
    it('links no row to another tenant', async () => {
      const before = await db.rows();
      const where = { id: globex.id };
      const attempts: (() => PromiseLike<unknown>)[] = [
        () => db.prisma.org.update({ where, data: { units } }),
        () => db.prisma.org.update({ where, data: { id: globex.id, units } }),
        () => db.prisma.org.update({ where, data: { id: acme.id, units } }),
        () => db.prisma.org.update({ where: { id: acme.id }, data: { id: globex.id, units } }),
        () => db.prisma.org.upsert({ where, create: { ...where }, update: { units } }),
        () => db.prisma.unit.update({ where: { id: 101 }, data: { org: { update: { id: globex.id, units } } } }),
      ];
      for (const attempt of attempts) {
        await expect(db.as(acme, attempt)).rejects.toMatchObject({ name: expect.stringMatching(/Error/) });
        expect(await db.rows()).toEqual(before);
      }
    });

    it('links rows to its own', async () => {
      const update = () => db.prisma.org.update({ where: { id: acme.id }, data: { name: 'acme', units } });
      await db.as(acme, update);
      const nested = () =>
        db.prisma.unit.update({ where: { id: 103 }, data: { org: { update: { name: 'acme' } }, name: 'still' } });
      await db.as(acme, nested);
      const { units: all } = await db.rows();
      expect(all.filter(({ id }) => id < 200).map(({ tenantId }) => tenantId)).not.toContain(globex.id);
    });
  });

  it("a new registry row takes no rows, unless it is the tenant's own", async () => {
    const { prisma } = db;
    const before = await db.rows();
    for (const units of [links['create'], links['connect'], links['connectOrCreate, there']]) {
      const create = () => prisma.org.create({ data: { id: 't_new', ...(units && { units: units as object }) } });
      await expect(db.as(acme, create)).rejects.toMatchObject({ code: 'tenant_conflict' });
    }
    expect(await db.rows()).toEqual(before);
    const late = { id: 't_late', slug: 'late' };
    await db.as(late, () => prisma.org.create({ data: { id: late.id, units: { create: row } } }));
    expect((await db.rows()).units.find(({ id }) => id === row.id)?.tenantId).toBe(late.id);
  });

  it("an upsert of another tenant's registry row that links rows to it makes no new one in its place", async () => {
    const { prisma } = db;
    const update = { name: 'changed', units: { create: row } };
    const upsert = (id: string) => () =>
      prisma.org.upsert({ where: { id }, create: { id: 't_new' }, update, select: { id: true } });
    const before = await db.rows();
    await expect(db.as(acme, upsert(globex.id))).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
    expect(await db.rows()).toEqual(before);
    expect(await db.as(acme, upsert(acme.id))).toEqual({ id: acme.id });
    expect((await db.rows()).units.find(({ id }) => id === row.id)?.tenantId).toBe(acme.id);
    expect(await db.as(acme, upsert('t_none'))).toEqual({ id: 't_new' });
  });

  it('its key does not change, as the rows would go with it', async () => {
    const before = await db.rows();
    const { prisma } = db;
    const [where, org] = [{ id: acme.id }, { id: 't_new', name: 'moved' }];
    const attempts: (() => PromiseLike<unknown>)[] = [
      () => prisma.org.update({ where, data: org }),
      () => prisma.org.updateMany({ where, data: org }),
      () => prisma.unit.update({ where: { id: 101 }, data: { org: { update: org } } }),
      () => prisma.unit.update({ where: { id: 101 }, data: { org: { create: org } } }),
      () => prisma.unit.update({ where: { id: 101 }, data: { org: { connect: { id: globex.id } } } }),
      () =>
        prisma.unit.update({
          where: { id: 101 },
          data: { org: { connectOrCreate: { where: { id: globex.id }, create: org } } },
        }),
      () =>
        prisma.unit.update({
          where: { id: 101 },
          data: { org: { upsert: { where: { name: 'none' }, create: org, update: {} } } },
        }),
    ];
    for (const attempt of attempts) {
      await expect(db.as(acme, attempt)).rejects.toMatchObject({ code: expect.stringMatching(/^(tenant|scope)_/) });
    }
    expect(await db.rows()).toEqual(before);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, type Company, openCompany, SETTINGS } from './company.js';

describe.each(SETTINGS)('%s', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
    await db.seed();
    await db.plant();
  });
  afterAll(() => db.stop());

  it('a tenant sees its own rows of every model', async () => {
    const { prisma } = db;
    const seen = await db.as(acme, async () => ({
      units: await prisma.unit.findMany({ include: { org: true, children: true, badge: true, tasks: true } }),
      depots: await prisma.depot.findMany({ include: { shipments: true } }),
    }));
    expect(seen.units.map(({ id }) => id).sort()).toEqual([101, 102, 103, 104, 105, 106]);
    expect(seen.units.find(({ id }) => id === 106)).toMatchObject({ children: [], badge: null, tasks: [] });
    expect(seen.depots.map(({ shipments }) => shipments.length)).toEqual([1]);
  });
});

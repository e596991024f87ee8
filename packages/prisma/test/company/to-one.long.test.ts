import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

type Data = Parameters<Company['prisma']['unit']['update']>[0]['data'];

const row = { tenantId: acme.id, id: 150 };
const actions: Readonly<Record<string, Data>> = {
  'upsert, its key': { parent: { upsert: { create: { ...row, name: 'new' }, update: { name: 'changed' } } } },
  'upsert, the key of the other': { badge: { upsert: { create: row, update: { label: 'changed' } } } },
  'upsert where, the key of the other': {
    badge: { upsert: { where: { label: 'badge' }, create: row, update: { label: 'changed' } } },
  },
  'update, its key': { parent: { update: { name: 'changed' } } },
  'update, the key of the other': { badge: { update: { label: 'changed' } } },
  'update where, its key': { parent: { update: { where: { name: 'unit 1' }, data: { name: 'changed' } } } },
  'delete, its key': { parent: { delete: true } },
  'delete, the key of the other': { badge: { delete: true } },
  'disconnect, its key': { parent: { disconnect: true } },
  'disconnect where, its key': { parent: { disconnect: { name: 'unit 1' } } },
  'disconnect, the key of the other': { badge: { disconnect: true } },
  'create, its key': { parent: { create: { ...row, name: 'new' } } },
  'create, the key of the other': { badge: { create: row } },
  'connect, its key': { parent: { connect: { id: 105 } } },
  'connect, the key of the other': { badge: { connect: { id: 102 } } },
  'connectOrCreate, its key': { parent: { connectOrCreate: { where: { id: 150 }, create: { ...row, name: 'new' } } } },
  'connectOrCreate, the key of the other': { badge: { connectOrCreate: { where: { id: 150 }, create: row } } },
};

describe.each(SETTINGS)('%s, prisma-4: to-one relations, empty or not', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
  });
  afterAll(() => db.stop());

  const seed = async () => {
    await db.seed();
    // 104 has a parent and a badge; 105 has neither.
    await db.outside.unit.update({ where: { id: 104 }, data: { parentId: 103 } });
    await db.outside.badge.create({ data: { tenantId: acme.id, id: 104, unitId: 104 } });
  };
  const outcomeOf = async (client: Company['prisma'], id: number, data: Data) => {
    await seed();
    const outcome = await client.unit.update({ where: { id }, data }).then(
      (updated) => updated as unknown,
      ({ code }: { readonly code?: string }) => code,
    );
    return { outcome, rows: await db.rows() };
  };

  describe.each([
    ['empty', 105],
    ['not empty', 104],
  ])('%s', (_name, id) => {
    it.each(Object.entries(actions))('%s: as Prisma alone', async (name, data) => {
      const alone = await outcomeOf(db.outside as never, id, data);
      const scoped = await db.as(acme, () => outcomeOf(db.prisma, id, data));
      // The database itself would change what refers to a deleted unit, whose it is a floor does not tell.
      if (setting === 'PostgreSQL with the floor' && scoped.outcome === 'scope_refused') {
        expect(name).toBe('delete, its key');
      } else expect(scoped).toEqual(alone);
    });
  });

  it("P16: an upsert does not reach another tenant's row by a key that names it", async () => {
    await seed();
    await db.outside.unit.update({ where: { id: 105 }, data: { parentId: 201 } });
    const before = await db.rows();
    const upsert = { create: { id: 150, name: 'new' }, update: { name: 'changed' } };
    const update = () => db.prisma.unit.update({ where: { id: 105 }, data: { parent: { upsert } } });
    if (setting === 'PostgreSQL with the floor') await db.as(acme, update);
    else await expect(db.as(acme, update)).rejects.toMatchObject({ code: 'scope_refused' });
    const { units } = await db.rows();
    expect(units.filter(({ tenantId }) => tenantId === globex.id)).toEqual(
      before.units.filter(({ tenantId }) => tenantId === globex.id),
    );
  });
});

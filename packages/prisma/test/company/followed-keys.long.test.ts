import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

describe.each(SETTINGS)('%s: a foreign key that is a part of the id which other rows follow', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
  });
  beforeEach(async () => {
    await db.seed();
    await db.outside.zone.create({ data: { tenantId: acme.id, code: 'Z101' } });
    // A reference to acme's bin, as no key without the tenant forbids.
    await db.outside.parcel.create({ data: { tenantId: globex.id, id: 290, zoneCode: 'Z100', binCode: 'X' } });
  });
  afterAll(() => db.stop());

  type Attempt = (prisma: Company['prisma']) => PromiseLike<unknown>;
  const where = { zoneCode_code: { zoneCode: 'Z100', code: 'X' } };
  const of =
    (zone: object): Attempt =>
    ({ bin }) =>
      bin.update({ where, data: { zone } });
  const attempts: Record<string, Attempt> = {
    column: ({ bin }) => bin.update({ where, data: { zoneCode: 'Z101' } }),
    connect: of({ connect: { code: 'Z101' } }),
    connectOrCreate: of({ connectOrCreate: { where: { code: 'Z101' }, create: { code: 'Z101' } } }),
    'connectOrCreate of another': of({ connectOrCreate: { where: { code: 'Z101' }, create: { code: 'Z102' } } }),
    create: of({ create: { code: 'Z102' } }),
    'connect from the other side': ({ zone }) =>
      zone.update({ where: { code: 'Z101' }, data: { bins: { connect: where } } }),
    'set from the other side': ({ zone }) => zone.update({ where: { code: 'Z101' }, data: { bins: { set: where } } }),
    'connectOrCreate from the other side': ({ zone }) =>
      zone.update({
        where: { code: 'Z101' },
        data: { bins: { connectOrCreate: { where, create: { code: 'X' } } } },
      }),
    'connect by a new row': ({ zone }) => zone.create({ data: { code: 'Z102', bins: { connect: where } } }),
  };

  it.each(Object.entries(attempts))("%s: another tenant's row does not move with it", async (_, attempt) => {
    const before = await db.rows();
    await expect(db.as(acme, () => attempt(db.prisma))).rejects.toMatchObject({ code: 'scope_refused' });
    expect(await db.rows()).toEqual(before);
  });

  it('twin: what stays as it is may be said, by each tenant of its own', async () => {
    for (const [tenant, zoneCode] of [
      [acme, 'Z100'],
      [globex, 'Z200'],
    ] as const) {
      const own = { zoneCode_code: { zoneCode, code: 'X' } };
      const changed = db.as(tenant, () =>
        db.prisma.bin.update({ where: own, data: { zone: { connect: { code: zoneCode } } } }),
      );
      expect(await changed).toMatchObject({ tenantId: tenant.id, zoneCode });
    }
  });
});

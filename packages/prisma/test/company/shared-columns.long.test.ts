import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

describe.each(SETTINGS)('%s, prisma-2: foreign keys that share a column', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting, { writable: ['Region'] });
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  type Attempt = (prisma: Company['prisma']) => PromiseLike<unknown>;
  const ofAcme = { regionCode_code: { regionCode: 'EU', code: 'X' } };
  const bin = { zoneCode_code: { zoneCode: 'Z100', code: 'X' } };

  it('no part of a key changes under the rest', async () => {
    await db.outside.shipment.create({ data: { tenantId: acme.id, id: 102, regionCode: 'US' } });
    const before = await db.rows();
    const attempts: Record<string, Attempt> = {
      connect: ({ shipment }) => shipment.update({ where: { id: 101 }, data: { region: { connect: { code: 'US' } } } }),
      connectOrCreate: ({ shipment }) =>
        shipment.update({
          where: { id: 101 },
          data: { region: { connectOrCreate: { where: { code: 'US' }, create: { code: 'US' } } } },
        }),
      'from the other side': ({ region }) =>
        region.update({ where: { code: 'US' }, data: { shipments: { connect: { id: 101 } } } }),
      'set from the other side': ({ region }) =>
        region.update({ where: { code: 'US' }, data: { shipments: { set: [{ id: 101 }] } } }),
      'created on the other side, by a column': ({ region }) =>
        region.update({
          where: { code: 'US' },
          data: { shipments: { createMany: { data: [{ id: 150, depotCode: 'X' }] } } },
        }),
      'a column': ({ shipment }) => shipment.update({ where: { id: 101 }, data: { regionCode: 'US' } }),
      'columns of many': ({ shipment }) => shipment.updateMany({ where: { id: 102 }, data: { depotCode: 'X' } }),
      'a key that rows follow': ({ zone }) => zone.update({ where: { code: 'Z100' }, data: { code: 'Z200' } }),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      const outcome = db.as(acme, () => attempt(db.prisma));
      await expect(outcome, name).rejects.toMatchObject({
        code: expect.stringMatching(/^(scope_refused|P20(02|03|14))$/),
      });
      expect(await db.rows(), name).toEqual(before);
    }
  });

  it('two relations that disagree about a column name an own row, or are refused', async () => {
    const attempts: Record<string, Attempt> = {
      'two that disagree': ({ shipment }) =>
        shipment.update({
          where: { id: 101 },
          data: { region: { connect: { code: 'US' } }, depot: { connect: ofAcme } },
        }),
      'two that disagree, the other way': ({ shipment }) =>
        shipment.update({
          where: { id: 101 },
          data: { depot: { connect: ofAcme }, region: { connect: { code: 'US' } } },
        }),
      'a new row of two that disagree': ({ shipment }) =>
        shipment.create({ data: { id: 150, region: { connect: { code: 'US' } }, depot: { connect: ofAcme } } }),
      'created on the other side': ({ depot }) =>
        depot.update({
          where: ofAcme,
          data: { shipments: { create: { id: 150, region: { connect: { code: 'US' } } } } },
        }),
      'created on the other side, with a connection': ({ region }) =>
        region.update({
          where: { code: 'US' },
          data: { shipments: { create: { id: 150, depot: { connect: ofAcme } } } },
        }),
    };
    const { shipments } = await db.rows();
    for (const [name, attempt] of Object.entries(attempts)) {
      const code = await db
        .as(acme, () => attempt(db.prisma))
        .then(
          () => 'done',
          (error) => error.code,
        );
      expect(code, name).toMatch(/^(done|P200[23])$/);
      const after = (await db.rows()).shipments.filter(({ id }) => id !== 150);
      expect(after, name).toEqual(shipments);
      expect((await db.outside.shipment.findUnique({ where: { id: 150 } }))?.regionCode ?? 'EU', name).toBe('EU');
    }
  });

  it('a part that is followed by rows whose other keys would not follow', async () => {
    await db.outside.rack.create({ data: { tenantId: globex.id, aisle: 'Z300', code: 'X' } });
    const before = await db.rows();
    const rename = () => db.prisma.zone.update({ where: { code: 'Z100' }, data: { code: 'Z300' } });
    const code = setting === 'PostgreSQL with the floor' ? 'scope_refused' : 'P2003';
    await expect(db.as(acme, rename)).rejects.toMatchObject({ code });
    expect(await db.rows()).toEqual(before);
  });

  it('a part changes by itself where the rest of the row still leads to an own row', async () => {
    const { prisma } = db;
    const where = { id: 101 };
    const changes: Record<string, [Attempt, { regionCode: string; depotCode: string }]> = {
      'a column': [
        ({ shipment }) => shipment.update({ where, data: { depotCode: 'Y' } }),
        { regionCode: 'EU', depotCode: 'Y' },
      ],
      'the shared column': [
        ({ shipment }) => shipment.update({ where, data: { regionCode: 'US' } }),
        { regionCode: 'US', depotCode: 'Y' },
      ],
      connect: [
        ({ shipment }) => shipment.update({ where, data: { region: { connect: { code: 'EU' } } } }),
        { regionCode: 'EU', depotCode: 'Y' },
      ],
      'from the other side': [
        ({ region }) => region.update({ where: { code: 'US' }, data: { shipments: { connect: where } } }),
        { regionCode: 'US', depotCode: 'Y' },
      ],
      'of many': [
        ({ shipment }) => shipment.updateMany({ where, data: { regionCode: 'EU' } }),
        { regionCode: 'EU', depotCode: 'Y' },
      ],
      'an upsert of the row that is there': [
        ({ shipment }) =>
          shipment.update({ where, data: { region: { upsert: { create: { code: 'US' }, update: {} } } } }),
        { regionCode: 'EU', depotCode: 'Y' },
      ],
      'in an upsert': [
        ({ shipment }) => shipment.upsert({ where, create: where, update: { depotCode: { set: 'X' } } }),
        { regionCode: 'EU', depotCode: 'X' },
      ],
    };
    await db.as(acme, async () => {
      for (const regionCode of ['EU', 'US']) await prisma.depot.create({ data: { regionCode, code: 'Y' } });
    });
    const others = async () => (await db.rows()).shipments.filter(({ tenantId }) => tenantId === globex.id);
    const before = await others();
    for (const [name, [change, expected]] of Object.entries(changes)) {
      await db.as(acme, () => change(prisma));
      expect(await db.outside.shipment.findUnique({ where }), name).toMatchObject(expected);
    }
    const created = () =>
      prisma.region.update({ where: { code: 'US' }, data: { shipments: { create: { id: 150, depotCode: 'Y' } } } });
    await db.as(acme, created);
    expect(await db.outside.shipment.findUnique({ where: { id: 150 } })).toMatchObject({ regionCode: 'US' });
    expect(await others()).toEqual(before);
  });

  it('a key that others follow changes where no other key of theirs leads astray, and no floor would be past it', async () => {
    await db.outside.parcel.update({ where: { id: 101 }, data: { rackCode: null } });
    const before = await db.rows();
    const rename = () => db.prisma.zone.update({ where: { code: 'Z100' }, data: { code: 'Z300' } });
    if (setting === 'PostgreSQL with the floor') {
      await expect(db.as(acme, rename)).rejects.toMatchObject({ code: 'scope_refused' });
      expect(await db.rows()).toEqual(before);
      return;
    }
    await db.as(acme, rename);
    const moved = before.parcels.map((each) => ({
      ...each,
      zoneCode: each.zoneCode === 'Z100' ? 'Z300' : each.zoneCode,
    }));
    expect((await db.rows()).parcels).toEqual(moved);
  });

  it('what was refused after it had been written is not committed by who catches that', async () => {
    const before = await db.rows();
    const transaction = () =>
      db.prisma.$transaction(async (tx) => {
        await tx.shipment.update({ where: { id: 101 }, data: { regionCode: 'US' } }).catch(() => {});
      });
    await expect(db.as(acme, transaction)).rejects.toMatchObject({ code: 'P2003' });
    expect(await db.rows()).toEqual(before);
  });

  it('both tenants at once', async () => {
    const { prisma } = db;
    const turns = Array.from({ length: 10 }, (_, n) => [
      db.as(acme, () => prisma.shipment.update({ where: { id: 101 }, data: { regionCode: n % 2 ? 'US' : 'EU' } })),
      db.as(globex, () => prisma.shipment.update({ where: { id: 201 }, data: { regionCode: n % 2 ? 'US' : 'EU' } })),
    ]).flat();
    const outcomes = await Promise.allSettled(turns);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
      Array.from({ length: 20 }, (_, n) => [true, false, false, true][n % 4]),
    );
    const { shipments } = await db.rows();
    expect(shipments.map(({ regionCode }) => regionCode)).toEqual(['EU', 'US']);
  });

  it('a whole key does', async () => {
    const { prisma } = db;
    await db.as(acme, async () => {
      await prisma.depot.create({ data: { regionCode: 'US', code: 'Y' } });
      const where = { id: 101 };
      const depot = { connect: { regionCode_code: { regionCode: 'US', code: 'Y' } } };
      await prisma.shipment.update({ where, data: { depot } });
      await prisma.shipment.update({ where, data: { depot: { connect: ofAcme } } });
      await prisma.shipment.update({ where, data: { region: { connect: { code: 'US' } }, depot } });
      await prisma.shipment.update({ where, data: { regionCode: 'EU', depotCode: 'X' } });
      await prisma.shipment.update({ where, data: { depotCode: null } });
      await prisma.shipment.update({ where, data: { region: { disconnect: true } } });
      await prisma.shipment.update({ where, data: { region: { disconnect: true }, depot: { disconnect: true } } });
      await prisma.shipment.create({ data: { id: 150, region: { connect: { code: 'US' } } } });
      const created = { create: { code: 'Z', region: { connect: { code: 'US' } } } };
      await prisma.shipment.create({ data: { id: 151, region: { connect: { code: 'US' } }, depot: created } });
      await prisma.region.update({ where: { code: 'US' }, data: { shipments: { create: { id: 152 } } } });
      await prisma.depot.update({ where: ofAcme, data: { shipments: { create: { id: 153 }, connect: { id: 152 } } } });
    });
    const { shipments } = await db.rows();
    expect(shipments.filter(({ tenantId }) => tenantId === acme.id)).toEqual([
      { tenantId: acme.id, id: 101, regionCode: null, depotCode: null },
      { tenantId: acme.id, id: 150, regionCode: 'US', depotCode: null },
      { tenantId: acme.id, id: 151, regionCode: 'US', depotCode: 'Z' },
      { tenantId: acme.id, id: 152, regionCode: 'EU', depotCode: 'X' },
      { tenantId: acme.id, id: 153, regionCode: 'EU', depotCode: 'X' },
    ]);
  });

  it("a key that another row's own key vouches for is taken from it, unless that leads astray", async () => {
    const { prisma } = db;
    const create = (id: number) => () => prisma.bin.update({ where: bin, data: { parcels: { create: { id } } } });
    await db.as(acme, create(150));
    expect((await db.rows()).parcels.find(({ id }) => id === 150)).toMatchObject({ zoneCode: 'Z100', binCode: 'X' });
    await db.outside.parcel.deleteMany();
    await db.outside.zone.update({ where: { code: 'Z100' }, data: { tenantId: globex.id } });
    const before = await db.rows();
    await expect(db.as(acme, create(151))).rejects.toMatchObject({ code: 'P2025' });
    const parcel = () => prisma.parcel.create({ data: { id: 151, bin: { connect: bin } } });
    await expect(db.as(acme, parcel)).rejects.toMatchObject({ code: expect.stringMatching(/^P20/) });
    expect(await db.rows()).toEqual(before);
  });

  it('an upsert of a row whose own key leads astray makes none in its place', async () => {
    const { prisma, outside } = db;
    await outside.zone.create({ data: { tenantId: acme.id, code: 'Z300' } });
    const update = (id: number) => ({ parcels: { create: { id } } });
    const create = { zoneCode: 'Z300', code: 'new' };
    const upsert = (id: number) => () => prisma.bin.upsert({ where: bin, create, update: update(id) });
    const nested = (id: number) => () =>
      prisma.zone.update({
        where: { code: 'Z100' },
        data: { bins: { upsert: { where: bin, create: { code: 'new' }, update: update(id) } } },
      });
    expect(await db.as(acme, upsert(150))).toMatchObject(bin.zoneCode_code);
    await db.as(acme, nested(151));
    await outside.zone.update({ where: { code: 'Z100' }, data: { tenantId: globex.id } });
    const before = await db.rows();
    expect(before.bins.filter(({ tenantId }) => tenantId === acme.id)).toHaveLength(1);
    await expect(db.as(acme, upsert(152))).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
    expect(await db.rows()).toEqual(before);
  });
});

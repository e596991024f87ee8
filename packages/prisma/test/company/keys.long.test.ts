import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

/** Of no tenant, and of the other one. */
const ASTRAY = [999, 206];

describe.each(SETTINGS)('%s, prisma-14: a foreign key is looked up when it is written', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  const unit = (id: number, parentId: number | null) => ({ id, name: `new ${id}`, parentId });
  type Work = (prisma: Pick<Company['prisma'], 'unit' | 'task'>, id: number) => PromiseLike<unknown>;

  const unwritten: Readonly<Record<string, Work>> = {
    'the create of an upsert whose row exists': ({ unit: units }, id) =>
      units.upsert({ where: { id: 101 }, create: unit(101, id), update: { name: 'updated' } }),
    'the create of a connectOrCreate whose row exists': ({ task: tasks }, id) =>
      tasks.update({
        where: { id: 101 },
        data: { unit: { connectOrCreate: { where: { id: 101 }, create: unit(101, id) } } },
      }),
    'updateMany that matches nothing': ({ unit: units }, id) =>
      units.updateMany({ where: { id: 0 }, data: { parentId: id } }),
    ...(setting !== 'SQLite' && {
      'skipDuplicates of a row that is there': ({ unit: units }: Parameters<Work>[0], id: number) =>
        units.createMany({ data: [unit(101, id)], skipDuplicates: true }),
    }),
  };

  it.each(Object.entries(unwritten))('not of what does not run: %s', async (_name, work) => {
    const before = await db.rows();
    for (const id of ASTRAY) await db.as(acme, () => work(db.prisma, id));
    const parents = ({ units }: typeof before) => units.map(({ id, parentId }) => [id, parentId]);
    const after = await db.rows();
    expect(parents(after).filter(([id]) => id !== 105)).toEqual(parents(before).filter(([id]) => id !== 105));
  });

  const own: Readonly<Record<string, Work>> = {
    'a root and its leaf': ({ unit: units }) =>
      units.createMany({ data: [unit(150, null), unit(151, 150), unit(152, 151)] }),
    'a leaf and its root': ({ unit: units }) => units.createMany({ data: [unit(151, 150), unit(150, null)] }),
    'a row that names itself': ({ unit: units }) => units.create({ data: unit(150, 150) }),
    'a row and what is nested in it': ({ unit: units }) =>
      units.create({
        data: { ...unit(150, null), children: { create: { id: 151, name: 'new' } }, tasks: { create: { id: 150 } } },
      }),
  };

  it.each(Object.entries(own))('not before what it names is there: %s', async (_name, work) => {
    await db.as(acme, () => work(db.prisma, 0));
    const { units } = await db.rows();
    expect(units.filter(({ id }) => id >= 150 && id < 200).every(({ tenantId }) => tenantId === acme.id)).toBe(true);
    expect(units.some(({ id }) => id === 150)).toBe(true);
  });

  const written: Readonly<Record<string, Work>> = {
    create: ({ unit: units }, id) => units.create({ data: unit(150, id) }),
    'createMany with own rows': ({ unit: units }, id) =>
      units.createMany({ data: [unit(150, null), unit(151, 150), unit(152, id)] }),
    'an upsert whose row does not exist': ({ unit: units }, id) =>
      units.upsert({ where: { id: 150 }, create: unit(150, id), update: {} }),
    'an upsert whose row exists': ({ unit: units }, id) =>
      units.upsert({ where: { id: 101 }, create: unit(101, null), update: { parentId: id } }),
    updateMany: ({ unit: units }, id) => units.updateMany({ where: { id: 101 }, data: { parentId: id } }),
    'what is nested': ({ task: tasks }, id) =>
      tasks.update({ where: { id: 101 }, data: { unit: { update: { parentId: id } } } }),
  };

  it.each(Object.entries(written))("prisma-22: and is Prisma's own error where it runs: %s", async (_name, work) => {
    const before = await db.rows();
    const errors: unknown[] = [];
    for (const id of ASTRAY) {
      const refusal = (error: Error & { readonly code?: unknown; readonly meta?: unknown }) => {
        errors.push({ code: error.code, name: error.name, message: error.message, meta: error.meta });
      };
      await db.as(acme, () => Promise.resolve(work(db.prisma, id)).then(() => null, refusal));
      expect(await db.rows()).toEqual(before);
      // Whoever catches it in a transaction of their own commits nothing of it either.
      const caught = db.as(acme, () =>
        db.prisma.$transaction(async (tx) => void (await Promise.resolve(work(tx, id)).catch(() => {}))),
      );
      await caught.catch(() => {});
      expect(await db.rows()).toEqual(before);
    }
    expect(errors).toEqual(
      ASTRAY.map(() => ({
        code: 'P2003',
        name: 'PrismaClientKnownRequestError',
        message: 'Foreign key constraint violated on the fields: (`parentId`)',
        meta: expect.objectContaining({ modelName: 'Unit' }),
      })),
    );
  });

  it('prisma-16: the part of a key that is left out is null, as where it is written', async () => {
    for (const depotCode of [undefined, null]) {
      const create = () => db.prisma.shipment.create({ data: { id: 160, regionCode: 'US', depotCode } as never });
      expect(await db.as(acme, create)).toMatchObject({ regionCode: 'US', depotCode: null });
      await db.as(acme, () => db.prisma.shipment.delete({ where: { id: 160 } }));
    }
  });

  it('prisma-17: a whole row is written back, and a key that changes is another thing', async () => {
    await db.as(acme, async () => {
      const { unit: units, task: tasks } = db.prisma;
      const row = { ...(await units.findUniqueOrThrow({ where: { id: 101 } })), name: 'changed' };
      await units.update({ where: { id: 101 }, data: row });
      await units.updateMany({ where: { name: 'changed' }, data: row });
      await units.upsert({ where: { id: 101 }, create: row, update: row });
      const { tenantId: _, ...unscoped } = row;
      await tasks.update({ where: { id: 101 }, data: { unit: { update: unscoped } } });
      await tasks.update({ where: { id: 101 }, data: { id: 101, title: 'changed', unitId: 101 } });
    });
    if (setting !== 'PostgreSQL with the floor') return;
    const before = await db.rows();
    const changes: (() => PromiseLike<unknown>)[] = [
      () => db.prisma.unit.update({ where: { id: 101 }, data: { id: 150 } }),
      () => db.prisma.unit.updateMany({ where: { name: 'changed' }, data: { id: 150 } }),
      () => db.prisma.task.update({ where: { id: 101 }, data: { unit: { update: { id: 150 } } } }),
    ];
    for (const change of changes) {
      await expect(db.as(acme, change)).rejects.toMatchObject({ code: 'scope_refused' });
      expect(await db.rows()).toEqual(before);
    }
  });

  it('a planted reference stops nobody', async () => {
    await db.plant();
    const work = () =>
      db.prisma.unit.createMany({
        data: [
          { id: 250, name: 'root' },
          { id: 251, name: 'leaf', parentId: 250 },
        ],
      });
    expect(await db.as(globex, work)).toEqual({ count: 2 });
  });
});

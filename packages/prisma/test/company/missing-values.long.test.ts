import { AnyNull, DbNull, JsonNull, skip as prismaSkip } from '@prisma/client/runtime/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, type CompanyClient, openCompany, SETTINGS } from './company.js';

/** Types take it only where the client is generated for it. */
const skip = prismaSkip as never;

// What is missing where types forbid it, as it comes from a caller's own mistakes.
type Calls = Readonly<Record<string, (prisma: Models) => PromiseLike<unknown>>>;
type Models = Readonly<Record<'unit' | 'task' | 'badge' | 'depot' | 'preference', Readonly<Record<Name, Call>>>>;
type Name =
  | 'aggregate'
  | 'groupBy'
  | 'deleteMany'
  | 'update'
  | 'updateMany'
  | 'createMany'
  | 'upsert'
  | 'delete'
  | 'findUnique'
  | 'findMany';
type Call = (args?: unknown) => PromiseLike<unknown>;

const refusedByPrisma: Calls = {
  'an undefined item of AND': (p) => p.task.deleteMany({ where: { AND: [undefined] } }),
  'an undefined item of OR': (p) => p.task.deleteMany({ where: { OR: [undefined] } }),
  'an undefined item of NOT': (p) => p.task.deleteMany({ where: { NOT: [undefined] } }),
  'an undefined item deep inside': (p) =>
    p.task.deleteMany({ where: { unit: { tasks: { some: { AND: [{ AND: [undefined] }] } } } } }),
  'an empty slot': (p) => p.task.deleteMany({ where: { AND: new Array(1) } }),
  'Prisma.skip in an array': (p) => p.task.deleteMany({ where: { AND: [skip] } }),
  'an undefined item of a nested deleteMany': (p) =>
    p.unit.update({ where: { id: 101 }, data: { tasks: { deleteMany: [undefined] } } }),
  'an undefined item of a nested updateMany': (p) =>
    p.unit.update({ where: { id: 101 }, data: { tasks: { updateMany: [undefined] } } }),
  'a nested updateMany without where': (p) =>
    p.unit.update({ where: { id: 101 }, data: { tasks: { updateMany: { data: { title: 'new' } } } } }),
  'a nested updateMany of an undefined where': (p) =>
    p.unit.update({
      where: { id: 101 },
      data: { tasks: { updateMany: { where: undefined, data: { title: 'new' } } } },
    }),
  'a Date for a where': (p) => p.task.deleteMany({ where: new Date() }),
  'bytes for a condition': (p) => p.task.deleteMany({ where: { AND: new Uint8Array() } }),
  'DbNull for a where': (p) => p.task.deleteMany({ where: DbNull }),
  'a Date for a related condition': (p) => p.task.deleteMany({ where: { unit: { is: new Date() } } }),
  'JsonNull for rows of a list': (p) => p.task.deleteMany({ where: { unit: { tasks: { some: JsonNull } } } }),
  'AnyNull for a nested delete': (p) => p.unit.update({ where: { id: 101 }, data: { badge: { delete: AnyNull } } }),
  'a Date for a nested deleteMany': (p) =>
    p.unit.update({ where: { id: 101 }, data: { tasks: { deleteMany: new Date() } } }),
  'an undefined item of createMany': (p) => p.badge.createMany({ data: [undefined] }),
  'createMany without data': (p) => p.preference.createMany({}),
  'updateMany without data': (p) => p.task.updateMany({ where: {} }),
  'update without data': (p) => p.task.update({ where: { id: 101 } }),
  'upsert without update': (p) => p.task.upsert({ where: { id: 101 }, create: { id: 101, unitId: 101 } }),
  'upsert without create': (p) => p.task.upsert({ where: { id: 101 }, update: {} }),
  'delete without a key': (p) => p.preference.delete({ where: {} }),
  'delete of an undefined key': (p) => p.preference.delete({ where: { tenantId: undefined } }),
  'delete by no key': (p) => p.preference.delete({ where: { theme: 'light' } }),
  'update by no key': (p) => p.preference.update({ where: { theme: 'light' }, data: { theme: 'dark' } }),
  'findUnique without a key': (p) => p.preference.findUnique({ where: { AND: [] } }),
  'an undefined entry of an include that there is not': (p) => p.unit.findMany({ include: { AND: undefined } }),
  'an undefined entry of a select that there is not': (p) => p.unit.findMany({ select: { id: true, AND: undefined } }),
  'a count of null': (p) => p.unit.findMany({ select: { _count: { select: { tasks: null } } } }),
  'an undefined count of groups': (p) => p.unit.groupBy({ by: ['name'], _count: undefined }),
  'a skipped sum of groups': (p) => p.unit.groupBy({ by: ['name'], _sum: skip }),
  'an undefined minimum': (p) => p.unit.aggregate({ _min: undefined }),
  'a cursor without a key': (p) => p.preference.findMany({ cursor: { theme: 'light' } }),
};

const explicitlyUndefined: Calls = {
  'a where': (p) => p.task.deleteMany({ where: undefined }),
  'a key': (p) => p.task.deleteMany({ where: { id: undefined } }),
  'a filter': (p) => p.task.deleteMany({ where: { id: { in: undefined } } }),
  'a condition': (p) => p.task.deleteMany({ where: { AND: undefined } }),
  'a related condition': (p) => p.task.deleteMany({ where: { unit: { is: undefined } } }),
  'a nested where': (p) => p.unit.update({ where: { id: 101 }, data: { tasks: { deleteMany: { id: undefined } } } }),
  'a limit': (p) => p.task.deleteMany({ where: {}, limit: undefined }),
  'a value': (p) => p.task.update({ where: { id: 101 }, data: { title: undefined } }),
  'a selection': (p) => p.task.findMany({ select: { id: true, title: undefined } }),
  'a part of a key': (p) => p.depot.delete({ where: { regionCode_code: { regionCode: 'EU', code: undefined } } }),
};

describe.each(SETTINGS)('%s', (setting) => {
  let db: Company;
  let strict: { readonly plain: object; readonly scoped: CompanyClient };
  beforeAll(async () => {
    db = await openCompany(setting);
    const [plain, inside] = [db.another(), db.another()];
    for (const each of [plain, inside]) Object.assign(each, { _previewFeatures: ['strictUndefinedChecks'] });
    strict = { plain, scoped: db.scoped(inside) };
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  const isError = { name: expect.stringMatching(/Error/) };

  it.each(Object.entries(refusedByPrisma))('prisma-5: %s is refused as by Prisma', async (_name, call) => {
    const before = await db.rows();
    await expect(db.as(acme, () => call(db.inside as never))).rejects.toMatchObject({
      name: expect.stringMatching(/^(PrismaClientValidationError|TypeError)$/),
    });
    await expect(db.as(acme, () => call(db.prisma as never))).rejects.toMatchObject(isError);
    expect(await db.rows()).toEqual(before);
  });

  it.each(Object.entries(explicitlyUndefined))(
    'prisma-5: %s that is undefined is refused under strictUndefinedChecks',
    async (_name, call) => {
      const before = await db.rows();
      await expect(db.as(acme, () => call(strict.plain as never))).rejects.toMatchObject({
        name: 'PrismaClientValidationError',
      });
      await expect(db.as(acme, () => call(strict.scoped as never))).rejects.toMatchObject(isError);
      expect(await db.rows()).toEqual(before);
    },
  );

  it('prisma-6: Prisma.skip is as a key that is not there', async () => {
    const { scoped: prisma } = strict;
    const pairs: readonly (readonly [() => PromiseLike<unknown>, () => PromiseLike<unknown>])[] = [
      [() => prisma.unit.findMany({ where: skip }), () => prisma.unit.findMany()],
      [() => prisma.unit.findMany({ where: { id: skip, OR: skip } }), () => prisma.unit.findMany()],
      [() => prisma.unit.findMany({ where: { parent: skip } }), () => prisma.unit.findMany()],
      [
        () => prisma.unit.findMany({ where: { parent: { is: skip } } }),
        () => prisma.unit.findMany({ where: { parent: {} } }),
      ],
      [
        () => prisma.unit.findMany({ where: { tasks: { some: skip } } }),
        () => prisma.unit.findMany({ where: { tasks: {} } }),
      ],
      [
        () => prisma.unit.findMany({ where: { tasks: { every: { id: skip } } } }),
        () => prisma.unit.findMany({ where: { tasks: { every: {} } } }),
      ],
      [
        () => prisma.unit.findMany({ select: { id: true, tasks: skip } }),
        () => prisma.unit.findMany({ select: { id: true } }),
      ],
      [
        () => prisma.unit.findMany({ include: { tasks: skip, badge: { where: skip } } }),
        () => prisma.unit.findMany({ include: { badge: true } }),
      ],
      [() => prisma.unit.findMany({ include: skip, omit: skip }), () => prisma.unit.findMany()],
      [
        () => prisma.unit.findMany({ include: { _count: { select: { tasks: true, children: skip } } } }),
        () => prisma.unit.findMany({ include: { _count: { select: { tasks: true } } } }),
      ],
      [
        () => prisma.unit.findMany({ distinct: skip, orderBy: skip, cursor: skip, take: skip }),
        () => prisma.unit.findMany(),
      ],
      [() => prisma.depot.findMany({ where: { tenantId: skip } }), () => prisma.depot.findMany()],
      [
        () => prisma.unit.count({ where: { tasks: { none: { unit: skip } } } }),
        () => prisma.unit.count({ where: { tasks: { none: {} } } }),
      ],
    ];
    for (const [skipping, without] of pairs) {
      const [one, other] = await db.as(acme, () => Promise.all([skipping(), without()]));
      expect(one).toEqual(other);
    }
    await db.as(acme, async () => {
      await prisma.task.create({ data: { id: 150, tenantId: skip, unitId: 101 } });
      await prisma.unit.create({
        data: { id: 151, name: 'new', tenantId: skip, tasks: { connect: skip, create: { id: 152 } } },
      });
      await prisma.unit.update({
        where: { id: 151 },
        data: { tenantId: skip, badge: { connect: skip }, parentId: skip },
      });
    });
    const { tasks } = await db.rows();
    expect(tasks.filter(({ id }) => id >= 150 && id < 200).map(({ tenantId }) => tenantId)).toEqual([acme.id, acme.id]);
  });

  it('what is undefined is as Prisma has it: nothing of a key or of a selected column', async () => {
    const key = { regionCode: 'EU', code: 'X', AND: undefined };
    const calls = (prisma: Models) => [
      prisma.depot.findUnique({ where: { regionCode_code: key } }),
      prisma.unit.findMany({ select: { id: { equals: undefined } }, orderBy: { id: 'asc' } }),
      prisma.unit.findMany({ omit: { name: undefined }, select: undefined, orderBy: { id: 'asc' } }),
    ];
    const [found, ids, units] = await db.as(acme, () => Promise.all(calls(db.prisma as never)));
    expect(found).toMatchObject({ regionCode: 'EU', code: 'X' });
    expect(ids).toEqual((units as readonly { readonly id: number }[]).map(({ id }) => ({ id })));
    expect(units).toContainEqual(expect.objectContaining({ id: 101, name: expect.any(String) }));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('%s in a foreign key is null, as Prisma sends it', async (number) => {
    await db.as(acme, async () => {
      await db.prisma.unit.update({ where: { id: 102 }, data: { parentId: number } });
      await db.prisma.unit.update({ where: { id: 103 }, data: { parentId: { set: number } } });
      await db.prisma.unit.create({ data: { id: 150, name: 'new', parentId: number } });
    });
    const { units } = await db.rows();
    const parents = units.filter(({ id }) => [102, 103, 150].includes(id)).map(({ parentId }) => parentId);
    expect(parents).toEqual([null, null, null]);
  });

  it('a selection of `true` is one of nothing, as Prisma has it', async () => {
    const ask = (prisma: object) =>
      (prisma as Company['prisma']).unit.findMany({
        where: { tenantId: acme.id },
        orderBy: { id: 'asc' },
        include: { tasks: { include: true, omit: true }, parent: { include: true } },
      } as never);
    expect(await db.as(acme, () => ask(db.prisma))).toEqual(await ask(db.outside));
    const nothing = () => db.prisma.unit.findMany({ select: true } as never);
    await expect(db.as(acme, nothing)).rejects.toMatchObject({ name: 'PrismaClientValidationError' });
  });

  it('prisma-2: a part of a key that is skipped is a part of a key', async () => {
    await db.outside.shipment.create({ data: { tenantId: acme.id, id: 102, regionCode: 'US' } });
    const before = await db.rows();
    const update = () => db.prisma.shipment.update({ where: { id: 102 }, data: { regionCode: skip, depotCode: 'X' } });
    await expect(db.as(acme, update)).rejects.toMatchObject({ code: 'P2003' });
    expect(await db.rows()).toEqual(before);
  });

  it('prisma-8: inherited keys are read, as Prisma reads them', async () => {
    const inherited = (object: object) => Object.create(object) as never;
    class ById {}
    Object.assign(ById.prototype, { id: 101 });
    await db.as(acme, async () => {
      const { prisma } = db;
      expect(await prisma.unit.findMany({ where: inherited({ id: 101 }), select: { id: true } })).toEqual([
        { id: 101 },
      ]);
      expect(await prisma.unit.count({ where: { AND: [inherited({ id: 101 })] } })).toBe(1);
      expect(await prisma.unit.count({ where: { tasks: { some: inherited({ id: 101 }) } } })).toBe(1);
      expect(await prisma.task.deleteMany({ where: new ById() })).toEqual({ count: 1 });
      await prisma.unit.update({ where: { id: 102 }, data: { tasks: { deleteMany: inherited({ id: 101 }) } } });
      await prisma.unit.update({ where: { id: 102 }, data: inherited({ name: 'new' }) });
      const key = { regionCode_code: inherited({ regionCode: 'EU', code: 'X' }) };
      expect(await prisma.depot.findUnique({ where: key })).toMatchObject({ code: 'X', tenantId: acme.id });
      expect(await prisma.depot.findMany({ cursor: key, select: { code: true } })).toEqual([{ code: 'X' }]);
      const depot = { connect: key };
      await prisma.shipment.update({ where: { id: 101 }, data: { depot } });
    });
    const { tasks, units } = await db.rows();
    expect(tasks.map(({ id }) => id)).toEqual([102, 201, 202]);
    expect(units.find(({ id }) => id === 102)?.name).toBe('new');
  });
});

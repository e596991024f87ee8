import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Prisma } from './generated/client.js';
import { acme, globex, type Names, openNames } from './names.js';

let db: Names;
beforeAll(async () => {
  db = await openNames();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

type Operation = (args: object) => PromiseLike<unknown>;
type Client = Readonly<Record<string, Readonly<Record<string, Operation>>>>;
type Work = (client: Client) => PromiseLike<unknown> | undefined;

const OWN = new Set(['id', 'tenantId', 'title', 'ownerId']);
/** Every column of a structural name, and a value of it. */
const columns = Object.values(Prisma.LidScalarFieldEnum)
  .filter((name) => !OWN.has(name))
  .map((name) => [name, name === 'increment' || name === 'count' ? 7 : 'x'] as const);

/** The outcome of one seed on either client: its answer, or Prisma's error, and all rows afterwards. */
async function outcomeOf(client: unknown, work: Work) {
  await db.seed();
  return { outcome: await answerOf(client, work), rows: await db.rows() };
}

const answerOf = (client: unknown, work: Work) =>
  Promise.resolve(work(client as Client)).then(
    (result) => ({ result }),
    // What Prisma itself takes for nothing it knows, the scope may refuse before.
    ({ name, code = name }: Error & { readonly code?: string }) => ({
      error: code === 'scope_refused' ? 'PrismaClientValidationError' : code,
    }),
  );

async function expectAsPrisma(work: Work): Promise<unknown> {
  const plain = await outcomeOf(db.outside, work);
  const scoped = await db.as(acme, () => outcomeOf(db.prisma, work));
  expect(scoped).toEqual(plain);
  return scoped.outcome;
}

const tenantId = acme.id;
const where = { id: 101 };
/** Of each column a box of its own, with three lids: `lid 1` to `lid 3` by title and by id, of which it has the first on it. */
const seedBoxes = async () => {
  await db.seed();
  const boxes = columns.map((_, index) => 1000 + 10 * index);
  const lids = boxes.flatMap((box) =>
    [1, 2, 3].map((n) => ({ tenantId, id: box + n, title: `lid ${box + n}`, ownerId: box })),
  );
  await db.outside.lid.createMany({ data: lids });
  await db.outside.box.createMany({ data: boxes.map((id) => ({ tenantId, id, lidId: id + 1 })) });
};

const find =
  (model: string, asked: object, more: object = {}): Work =>
  (client) =>
    client[model]?.['findMany']?.({ where: { AND: [asked, { tenantId }] }, orderBy: { id: 'asc' }, ...more });
const update =
  (box: number, relation: string, action: string, value: unknown): Work =>
  (client) =>
    client['box']?.['update']?.({ where: { id: box }, data: { [relation]: { [action]: value } } });

/** Each place of a call in which the scope reads structure, and a column may stand. */
const places: Readonly<Record<string, (name: string, value: unknown, box: number) => Work>> = {
  where: (name, value) => find('lid', { [name]: value }),
  'where of null': (name) => find('lid', { [name]: null }),
  'where of a filter': (name, value) => find('lid', { [name]: { equals: value } }),
  'where of two filters': (name, value) => find('lid', { [name]: { in: [value], not: null } }),
  'where in NOT and OR': (name, value) => find('lid', { OR: [{ [name]: value }, { NOT: { [name]: null } }] }),
  'where of a relation': (name, value) => find('box', { lid: { [name]: value } }),
  'where of a relation, by a filter': (name, value) => find('box', { lid: { [name]: { equals: value } } }),
  'where of a relation, beside another': (name, value) => find('box', { lid: { [name]: value, title: 'lid 1' } }),
  'is of a relation': (name, value) => find('box', { lid: { is: { [name]: value } } }),
  'isNot of a relation': (name, value) => find('box', { lid: { isNot: { [name]: value } } }),
  some: (name, value) => find('box', { lids: { some: { [name]: value } } }),
  every: (name, value) => find('box', { lids: { every: { [name]: value } } }),
  none: (name, value) => find('box', { lids: { none: { [name]: value } } }),
  'a unique where': (name, value) => (client) =>
    client['lid']?.['findUnique']?.({ where: { tenantId_title: { tenantId, title: 'lid 1' }, [name]: value } }),
  orderBy: (name) => (client) =>
    client['lid']?.['findMany']?.({ where: { tenantId }, orderBy: [{ [name]: 'desc' }, { id: 'asc' }] }),
  'orderBy with nulls': (name) =>
    find('lid', {}, { orderBy: [{ [name]: { sort: 'asc', nulls: 'last' } }, { id: 'desc' }] }),
  'orderBy of a relation': (name) =>
    find('lid', {}, { orderBy: [{ title: 'desc' }, { id: 'desc' }], distinct: [name] }),
  select: (name) => find('lid', {}, { select: { id: true, [name]: true } }),
  'select of a relation': (name, value) =>
    find(
      'box',
      {},
      {
        select: {
          lids: {
            where: { [name]: value },
            select: { id: true, [name]: true },
            orderBy: [{ [name]: 'asc' }, { id: 'asc' }],
          },
        },
      },
    ),
  'include with an omit': (name) => find('box', {}, { include: { lid: { omit: { [name]: true } } } }),
  'counts of a relation': (name, value) =>
    find('box', {}, { select: { _count: { select: { lids: { where: { [name]: value } } } } } }),
  groupBy: (name, value) => (client) =>
    client['lid']?.['groupBy']?.({
      by: [name],
      where: { tenantId },
      having: { [name]: { not: value } },
      orderBy: { [name]: 'asc' },
      _count: { [name]: true },
    }),
  aggregate: (name) => (client) =>
    client['lid']?.['aggregate']?.({ where: { tenantId }, _count: { [name]: true }, _min: { [name]: true } }),
  count: (name) => (client) =>
    client['lid']?.['count']?.({ where: { tenantId }, select: { [name]: true, _all: true } }),
  'create of a relation': (name, value, box) => update(box, 'lid', 'create', { tenantId, id: box + 5, [name]: value }),
  'createMany of a relation': (name, value, box) =>
    update(box, 'lids', 'createMany', { data: [{ tenantId, id: box + 5, [name]: value }] }),
  'connectOrCreate of a relation': (name, value, box) =>
    update(box, 'lid', 'connectOrCreate', {
      where: { id: box + 1, [name]: value },
      create: { tenantId, id: box + 5, [name]: value },
    }),
  'connect with a filter': (name, value, box) => update(box, 'lid', 'connect', { id: box + 2, [name]: value }),
  'update of a relation, by columns': (name, value, box) => update(box, 'lid', 'update', { [name]: value }),
  'update of a relation, by columns set': (name, value, box) =>
    update(box, 'lid', 'update', { [name]: { set: value } }),
  'update of a relation, by columns set to null': (name, _, box) => update(box, 'lid', 'update', { [name]: null }),
  'update of a relation, by columns beside another': (name, value, box) =>
    update(box, 'lid', 'update', { [name]: value, title: 'y' }),
  'update of a relation, as data': (name, value, box) => update(box, 'lid', 'update', { data: { [name]: value } }),
  'update of a relation, as data set': (name, value, box) =>
    update(box, 'lid', 'update', { data: { [name]: { set: value } } }),
  'update of a relation, as data where': (name, value, box) =>
    update(box, 'lid', 'update', { where: { [name]: null }, data: { [name]: value } }),
  'update of a relation, as data where not': (name, value, box) =>
    update(box, 'lid', 'update', { where: { [name]: value }, data: { title: 'y' } }),
  'upsert of a relation': (name, value, box) =>
    update(box, 'lid', 'upsert', {
      where: { [name]: null },
      create: { tenantId, id: box + 5 },
      update: { [name]: value },
    }),
  'disconnect of a relation where': (name, _, box) => update(box, 'lid', 'disconnect', { [name]: null }),
  'delete of a relation where': (name, value, box) => update(box, 'lid', 'delete', { [name]: value }),
  'update of a list': (name, value, box) =>
    update(box, 'lids', 'update', { where: { id: box + 2, [name]: null }, data: { [name]: value } }),
  'updateMany of a list': (name, value, box) =>
    update(box, 'lids', 'updateMany', { where: { [name]: null }, data: { [name]: value } }),
  'upsert of a list': (name, value, box) =>
    update(box, 'lids', 'upsert', {
      where: { id: box + 2 },
      create: { tenantId, id: box + 5 },
      update: { [name]: value },
    }),
  'deleteMany of a list': (name, value, box) => update(box, 'lids', 'deleteMany', { [name]: { not: value } }),
  'disconnect of a list': (name, _, box) => update(box, 'lids', 'disconnect', { id: box + 2, [name]: null }),
  'set of a list': (name, _, box) => update(box, 'lids', 'set', [{ id: box + 2, [name]: null }]),
  'create of a model': (name, value, box) => (client) =>
    client['lid']?.['create']?.({ data: { tenantId, id: box + 5, [name]: value } }),
  'update of a model': (name, value, box) => (client) =>
    client['lid']?.['update']?.({ where: { id: box + 1 }, data: { [name]: { set: value } } }),
};

describe("columns with the names of Prisma's own structure are read as Prisma reads them", () => {
  it.each(Object.entries(places))('%s', async (_place, place) => {
    const outcomesOf = async (client: unknown) => {
      await seedBoxes();
      const outcomes: unknown[] = [];
      for (const [index, [name, value]] of columns.entries()) {
        outcomes.push([name, await answerOf(client, place(name, value, 1000 + 10 * index))]);
      }
      return { outcomes, rows: await db.rows() };
    };
    const plain = await outcomesOf(db.outside);
    expect(await db.as(acme, () => outcomesOf(db.prisma))).toEqual(plain);
  });
});

describe('`update` of a to-one relation whose model has a column called `data`', () => {
  const change =
    (relation: string) =>
    (value: object): Work =>
    (client) =>
      client['box']?.['update']?.({ where, data: { [relation]: { update: value } } });
  const of = (relation: string, values: readonly object[]) =>
    values.map((value): [string, Work] => [`${relation}: ${JSON.stringify(value)}`, change(relation)(value)]);
  const works = [
    ...of('lid', [
      { data: 'x' },
      { data: null },
      { data: {} },
      {},
      { data: { set: 'x' } },
      { data: { set: null } },
      { data: { set: 5 } },
      { data: { set: { set: 'x' } } },
      { data: { increment: 3 } },
      { data: { increment: { increment: 3 } } },
      { data: { push: 'x' } },
      { data: { title: 'y' } },
      { data: { data: 'z' } },
      { data: { data: { set: 'z' } } },
      { data: 'x', title: 'y' },
      { data: { title: 'y' }, title: 'y' },
      { data: 'x', where: 'w' },
      { data: { set: 'x' }, where: 'w' },
      { data: { set: 'x' }, where: { set: 'w' } },
      { data: { set: 'x' }, where: { set: null } },
      { data: { set: 'x' }, where: {} },
      { data: { title: 'y' }, where: { title: 'lid 1' } },
      { data: { title: 'y' }, where: { title: 'no' } },
      { where: 'w' },
      { where: { set: 'w' } },
      { where: { title: 'lid 1' } },
    ]),
    ...of('doc', [
      { data: { title: 'y' } },
      { data: { title: 5 } },
      { data: { title: null } },
      { data: { note: null, count: 5 } },
      { data: { count: { increment: 1 } } },
      { data: { count: { increment: 'x' } } },
      { data: { count: 'x' } },
      { data: { count: 1.5 } },
      { data: { other: 1 } },
      { data: { other: 1 }, where: 'w' },
      { data: { other: 1 }, where: { note: 'w' } },
      { data: { title: 'y' }, where: { note: 'w' } },
      { data: { title: 'y' }, where: { note: null } },
      { data: { set: 'x' } },
      { data: { set: { a: 1 } } },
      { data: {} },
      { data: [] },
      { data: 'text' },
      { data: 5 },
      { data: { data: { data: 1 } } },
      { data: { boxes: { some: 1 } } },
      { data: { boxes: { disconnect: { id: 101 } } } },
    ]),
    ...of('hub', [
      { title: 'y' },
      { update: 'x' },
      { data: { update: 'x' } },
      { data: { update: { title: 'x' } } },
      { data: { update: { set: 'x' } } },
      { data: { data: { update: { title: 'x' } } } },
      { data: { disconnect: true } },
      { data: { connect: { id: 102 } } },
      { data: { create: { tenantId, id: 150 } } },
      { data: { some: { connect: { id: 101 } } } },
      { some: { update: { where: { id: 102 }, data: { title: 'x' } } } },
      { where: { data: { is: { some: {} } } }, data: { title: 'x' } },
      { where: { data: { id: 101 } }, data: { title: 'x' } },
      { where: { some: { some: { title: null } } }, data: { title: 'x' } },
      { where: { some: { every: { title: null } } }, data: { title: 'x' } },
    ]),
  ];

  it.each(works)('%s: as Prisma', async (_name, work) => {
    await expectAsPrisma(work);
  });

  it('twin: a related row of another tenant is not changed, whichever way it is written', async () => {
    for (const [name, work] of works) {
      await db.seed();
      await db.outside.box.update({ where, data: { lidId: null, docId: 201, hubId: 201 } });
      await db.outside.box.update({ where: { id: 201 }, data: { lidId: null } });
      await db.outside.box.update({ where, data: { lidId: 201 } });
      const before = await db.rows();
      const done = db.as(acme, async () => work(db.prisma as unknown as Client));
      await done.catch(() => {});
      expect(await db.rows(), name).toEqual(before);
    }
  });

  it('refused where two columns could take all that is asked', async () => {
    for (const value of [{ data: { id: 101 } }, { id: 101 }, { where: { a: 1 }, data: { b: 1 } }, {}]) {
      const before = await db.rows();
      await expect(
        db.as(acme, async () => change('form')(value)(db.prisma as unknown as Client)),
      ).rejects.toMatchObject({ code: 'scope_refused' });
      expect(await db.rows()).toEqual(before);
    }
  });
});

describe('columns called AND, OR and NOT', () => {
  it('are selected, written and ordered by; of a filter Prisma itself makes nothing', async () => {
    for (const name of ['AND', 'OR', 'NOT']) {
      await expectAsPrisma((client) => client['gate']?.['findUnique']?.({ where, select: { id: true, [name]: true } }));
      await expectAsPrisma((client) => client['gate']?.['update']?.({ where, data: { [name]: 'y' } }));
      await expectAsPrisma((client) => client['gate']?.['create']?.({ data: { tenantId, id: 150, [name]: 'y' } }));
      for (const value of ['x', { equals: 'x' }, [{ id: 101 }], null]) {
        const found = await db.as(acme, async () =>
          Promise.resolve(db.prisma.gate.findMany({ where: { [name]: value } as never })).catch(() => []),
        );
        expect(found.filter((row) => row.tenantId !== tenantId)).toEqual([]);
      }
    }
  });
});

describe('what a unique filter excludes is not what it names', () => {
  it('a key that shares a column is not taken for known', async () => {
    for (const [{ id }, aisle] of [
      [acme, 'A'],
      [globex, 'B'],
    ] as const) {
      await db.outside.aisle.create({ data: { tenantId: id, id: aisle } });
      await db.outside.bay.create({ data: { tenantId: id, id: id === acme.id ? 101 : 201, aisle, code: 'x' } });
    }
    await db.outside.aisle.create({ data: { tenantId, id: 'C' } });
    await db.outside.pallet.create({ data: { tenantId, id: 101, aisle: 'A', code: 'x' } });
    const connect = (bay: object) =>
      db.as(acme, async () =>
        db.prisma.pallet.update({
          where,
          data: { aisleRow: { connect: { id: 'C' } }, bay: { connect: { id: 101, ...bay } } } as never,
        }),
      );
    await db.outside.bay.create({ data: { tenantId: globex.id, id: 202, aisle: 'C', code: 'x' } });
    const before = await db.rows();
    await connect({ NOT: { aisle: 'C', code: 'x' } }).catch((error) => expect(error).toMatchObject({ code: 'P2003' }));
    expect(await db.rows()).toEqual(before);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

/** Filters that ask nothing, or that nothing is as, in every form Prisma reads on its own way. */
const nothing: readonly object[] = [{}, { AND: [] }, { AND: {} }, { OR: [] }, { NOT: [] }, { NOT: {} }];
const asked: readonly object[] = [
  ...nothing,
  ...nothing.flatMap((each) => [{ AND: [each] }, { OR: [each] }, { NOT: [each] }, { NOT: each }]),
  ...nothing.map((each) => ({ OR: [each, { title: 'none' }] })),
  ...nothing.map((each) => ({ AND: [each, { title: 'task' }] })),
  ...nothing.map((each) => ({ title: 'task', ...each })),
  { title: 'task' },
  { NOT: { title: 'task' } },
  { unit: {} },
  { unit: { OR: [] } },
  { title: {} },
  { unit: { is: {} } },
  { unit: { is: { OR: [] } } },
  ...[
    { unit: {} },
    { title: {} },
    { unit: { is: {} } },
    { unit: { is: { OR: [] } } },
    { unit: { children: {} } },
  ].flatMap((each) => [{ OR: [each] }, { title: 'task', OR: [each] }, { AND: [{ OR: [each] }] }]),
  { tenantId: acme.id, OR: [] },
  { OR: [{}], AND: [{ title: 'task' }] },
];

describe.each(SETTINGS)('%s, prisma-7: `every` and its like over filters that ask nothing', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
    await db.seed();
    await db.plant();
  });
  afterAll(() => db.stop());

  it('find what a database of the tenant alone finds', async () => {
    const wheres = asked.flatMap((filter) =>
      ['every', 'some', 'none'].flatMap((quantifier) => [
        { tasks: { [quantifier]: filter } },
        { NOT: { tasks: { [quantifier]: filter } } },
        { children: { every: { tasks: { [quantifier]: filter } } } },
        { tasks: { [quantifier]: filter, none: { title: 'none' } } },
      ]),
    );
    const find = async (client: Company['prisma']) => {
      const rows = wheres.map((where) => client.unit.findMany({ where, select: { id: true }, orderBy: { id: 'asc' } }));
      return (await Promise.all(rows)).map((each) => each.map(({ id }) => id));
    };
    const scoped = await db.as(acme, () => find(db.prisma));
    const theirs = { where: { tenantId: globex.id } };
    for (const model of [db.outside.badge, db.outside.task, db.outside.unit]) {
      await (model as typeof db.outside.task).deleteMany(theirs);
    }
    const alone = await find(db.outside as never);
    const differ = wheres.flatMap((where, n) => {
      const [one, other] = [scoped[n]?.join(), alone[n]?.join()];
      return one === other ? [] : [`${JSON.stringify(where)}: ${one}, alone ${other}`];
    });
    expect(differ).toEqual([]);
  });
});

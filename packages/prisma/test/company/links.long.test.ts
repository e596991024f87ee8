import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, openCompany, SETTINGS } from './company.js';

describe.each(SETTINGS)('%s: what many-to-many relations link', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting, { writable: ['Plan'] });
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  const hasFloor = setting === 'PostgreSQL with the floor';
  type Attempt = (prisma: Company['prisma']) => PromiseLike<unknown>;
  const attempts: Record<string, Attempt> = {
    delete: ({ plan }) => plan.delete({ where: { code: 'paid' } }),
    deleteMany: ({ plan }) => plan.deleteMany({}),
    'a nested delete': ({ group }) =>
      group.update({ where: { id: 101 }, data: { plans: { delete: { code: 'free' } } } }),
    'a nested deleteMany': ({ group }) => group.update({ where: { id: 101 }, data: { plans: { deleteMany: {} } } }),
    'a new key': ({ plan }) => plan.update({ where: { code: 'paid' }, data: { code: 'new' } }),
    'a new key of many': ({ plan }) =>
      plan.updateMany({ where: { label: 'plan', code: 'paid' }, data: { code: 'new' } }),
    'a new key, nested': ({ group }) =>
      group.update({
        where: { id: 101 },
        data: { plans: { update: { where: { code: 'free' }, data: { code: 'new' } } } },
      }),
    'a computed key': ({ plan }) => plan.update({ where: { code: 'paid' }, data: { code: { set: 'new' } } }),
  };

  it.each(Object.entries(attempts))(
    'a shared row that rows of another tenant are linked to stays, with their links: %s',
    async (_name, attempt) => {
      const before = await db.rows();
      await expect(db.as(acme, () => attempt(db.prisma))).rejects.toMatchObject({ code: 'scope_refused' });
      expect(await db.rows()).toEqual(before);
    },
  );

  it('own rows are deleted with their links, and get other keys', async () => {
    await db.as(acme, async () => {
      await db.prisma.group.update({ where: { id: 101 }, data: { id: 111 } });
      await db.prisma.group.delete({ where: { id: 102 } });
      await db.prisma.plan.update({ where: { code: 'free' }, data: { label: 'changed' } });
    });
    const { groups, plans } = await db.rows();
    expect(groups.filter(({ tenantId }) => tenantId === acme.id)).toMatchObject([
      { id: 111, plans: [{ code: 'free' }], friends: [] },
    ]);
    expect(plans.map(({ label }) => label)).toEqual(['changed', 'plan', 'plan']);
  });

  it('a shared row that nobody else is linked to may go, where that can be looked up', async () => {
    const work = db.as(acme, async () => {
      await db.prisma.plan.update({ where: { code: 'unused' }, data: { code: 'new' } });
      await db.prisma.plan.delete({ where: { code: 'new' } });
    });
    if (hasFloor) await expect(work).rejects.toMatchObject({ code: 'scope_refused' });
    else await work;
    expect((await db.rows()).plans.map(({ code }) => code)).toEqual(
      hasFloor ? ['free', 'paid', 'unused'] : ['free', 'paid'],
    );
  });

  it('a planted link to a row of another tenant stays, where it can be looked up', async () => {
    await db.outside.group.update({ where: { id: 101 }, data: { friendOf: { connect: { id: 201 } } } });
    const before = await db.rows();
    const attempts: readonly Attempt[] = [
      ({ group }) => group.update({ where: { id: 101 }, data: { id: 111 } }),
      ({ group }) => group.delete({ where: { id: hasFloor ? 111 : 101 } }),
    ];
    for (const attempt of attempts) {
      const work = db.as(acme, () => attempt(db.prisma));
      if (hasFloor) await work;
      else await expect(work).rejects.toMatchObject({ code: 'scope_refused' });
    }
    const friends = ({ groups }: typeof before) => groups.find(({ id }) => id === 201)?.friends;
    expect(friends(before)).toEqual([{ id: 101 }, { id: 202 }]);
    // Behind the floor the tenant's own row goes, and every link with it: nobody saw that one.
    if (hasFloor) expect(friends(await db.rows())).toEqual([{ id: 202 }]);
    else expect(await db.rows()).toEqual(before);
  });
});

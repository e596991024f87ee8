import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

type Data = Parameters<Company['prisma']['unit']['update']>[0]['data'];

/** Each would change rows of globex that refer to acme's unit 106, which unit 103 is linked to by the call itself. */
const combined: Readonly<Record<string, Data>> = {
  'connect, delete': { children: { connect: { id: 106 }, delete: { id: 106 } } },
  'delete, connect': { children: { delete: { id: 106 }, connect: { id: 106 } } },
  'connect, deleteMany': { children: { connect: { id: 106 }, deleteMany: {} } },
  'connectOrCreate, deleteMany': {
    children: { connectOrCreate: { where: { id: 106 }, create: { id: 106, name: 'new' } }, deleteMany: [{ id: 106 }] },
  },
  'set, delete': { children: { set: [{ id: 106 }], delete: { id: 106 } } },
  'connect, change of the key': {
    children: { connect: { id: 106 }, update: { where: { id: 106 }, data: { id: 150 } } },
  },
  'connect, change of the key of many': {
    children: { connect: { id: 106 }, updateMany: { where: {}, data: { id: 150 } } },
  },
  'connect, change of the key by upsert': {
    children: {
      connect: { id: 106 },
      upsert: { where: { id: 106 }, create: { id: 151, name: 'new' }, update: { id: 150 } },
    },
  },
  'connect, replace its one': {
    children: { connect: { id: 106 }, update: { where: { id: 106 }, data: { badge: { connect: { id: 102 } } } } },
  },
  'connect, replace its many': {
    children: { connect: { id: 106 }, update: { where: { id: 106 }, data: { children: { set: [] } } } },
  },
  'the other side: connect, delete': { parent: { connect: { id: 106 }, delete: true } },
  'the other side: connect, change of the key': { parent: { connect: { id: 106 }, update: { id: 150 } } },
  'two entries, link and delete': {
    children: {
      update: [
        { where: { id: 104 }, data: { children: { connect: { id: 106 } } } },
        { where: { id: 104 }, data: { children: { delete: { id: 106 } } } },
      ],
    },
  },
  'created with a connection': {
    children: {
      create: { tenantId: acme.id, id: 150, name: 'new', children: { connect: { id: 106 } } },
      update: { where: { id: 150 }, data: { children: { delete: { id: 106 } } } },
    },
  },
};

describe.each(SETTINGS)('%s, prisma-3: what one call does together', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  const foreign = async () => {
    const { units, tasks, badges } = await db.rows();
    return [units, tasks, badges].map((rows: readonly { readonly tenantId: string }[]) =>
      rows.filter(({ tenantId }) => tenantId === globex.id),
    );
  };

  it.each(Object.entries(combined))('%s: leaves the rows of another tenant as they are', async (_name, data) => {
    await db.plant();
    if (data.badge) await db.outside.badge.delete({ where: { id: 290 } });
    // Unit 104 is the child of 103, and 102 goes with a task of the other tenant as well.
    await db.outside.unit.update({ where: { id: 104 }, data: { parentId: 103 } });
    await db.outside.task.create({ data: { tenantId: globex.id, id: 291, unitId: 102 } });
    const [before, theirs] = [await db.rows(), await foreign()];
    const update = () => db.prisma.unit.update({ where: { id: 103 }, data });
    const outcome = await db.as(acme, update).then(
      () => null,
      (error: unknown) => error,
    );
    expect(await foreign()).toEqual(theirs);
    // The floor holds what is let go to the tenant's rows, so that some of it can be done.
    if (setting !== 'PostgreSQL with the floor') expect(outcome).toMatchObject({ code: 'scope_refused' });
    if (outcome !== null) expect(await db.rows()).toEqual(before);
  });

  it('connecting what a change of the same call makes findable', async () => {
    await db.plant();
    await db.outside.unit.update({ where: { id: 106 }, data: { parentId: 101 } });
    const [before, theirs] = [await db.rows(), await foreign()];
    const change = { children: { update: { where: { id: 106 }, data: { name: 'found' } } } };
    const unit = { update: change, connect: { id: 106, name: 'found' } };
    const update = () => db.prisma.badge.update({ where: { id: 101 }, data: { unit } });
    await expect(db.as(acme, update)).rejects.toMatchObject({ name: expect.stringMatching(/Error/) });
    expect(await foreign()).toEqual(theirs);
    expect(await db.rows()).toEqual(before);
  });

  if (setting !== 'PostgreSQL with the floor') {
    it('does all of it where nothing of another tenant refers to its rows', async () => {
      for (const [name, data] of Object.entries(combined)) {
        await db.seed();
        await db.outside.unit.update({ where: { id: 104 }, data: { parentId: 103 } });
        const alone = async (client: Company['prisma']) => {
          await db.seed();
          await db.outside.unit.update({ where: { id: 104 }, data: { parentId: 103 } });
          const outcome = await client.unit.update({ where: { id: 103 }, data }).then(
            (row) => row as unknown,
            ({ name, code }: { name: string; code?: string }) => [name, code],
          );
          return { outcome, rows: await db.rows() };
        };
        const expected = await alone(db.inside as never);
        expect(await db.as(acme, () => alone(db.prisma)), name).toEqual(expected);
      }
    });

    it('replaces all related rows, planted references elsewhere or not', async () => {
      await db.plant();
      const { prisma } = db;
      const data = {
        name: 'changed',
        tasks: { deleteMany: {}, create: [{ id: 150 }, { id: 151 }] },
        children: { deleteMany: {}, createMany: { data: [{ id: 152, name: 'new' }] } },
        badge: { create: { id: 150 } },
      };
      await db.as(acme, () => prisma.unit.update({ where: { id: 101 }, data }));
      const { units, tasks } = await db.rows();
      expect(units.filter(({ parentId }) => parentId === 101).map(({ id }) => id)).toEqual([152]);
      expect(tasks.filter(({ unitId }) => unitId === 101).map(({ id }) => id)).toEqual([150, 151]);
    });
  }
});

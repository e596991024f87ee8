import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

/** How deep a tree is cannot be told before it is deleted with its root, and the database deletes whoever's rows are below. */
describe.each(['PostgreSQL', 'SQLite'] as const)(
  '%s: deleting a row of a tree whose foreign key has no tenant',
  (setting) => {
    let db: Company;
    beforeAll(async () => {
      db = await openCompany(setting);
    });
    beforeEach(() => db.seed());
    afterAll(() => db.stop());

    type Prisma = Company['prisma'];
    const deletions: Record<string, (prisma: Prisma, n: number) => PromiseLike<unknown>> = {
      delete: ({ folder }, n) => folder.delete({ where: { id: n + 1 } }),
      deleteMany: ({ folder }, n) => folder.deleteMany({ where: { parentId: null, id: { lte: n + 1 } } }),
      'nested delete': ({ folder }, n) =>
        folder.update({ where: { id: n + 1 }, data: { folders: { delete: { id: n + 2 } } } }),
      'nested deleteMany': ({ folder }, n) =>
        folder.update({ where: { id: n + 1 }, data: { folders: { deleteMany: {} } } }),
    };
    /** References of globex's rows, deep below acme's root. */
    const planted: Record<string, () => PromiseLike<unknown>> = {
      'a folder': () => db.outside.folder.update({ where: { id: 204 }, data: { parentId: 103 } }),
      'a paper': () => db.outside.paper.update({ where: { id: 204 }, data: { folderId: 103 } }),
    };

    for (const [name, deletion] of Object.entries(deletions)) {
      it.each(Object.entries(planted))(`${name}: %s of another tenant is not deleted with it`, async (_, plant) => {
        await plant();
        const before = await db.rows();
        const attempt = db.as(acme, async () => deletion(db.prisma, 100));
        await expect(attempt).rejects.toMatchObject({ code: 'scope_refused' });
        const { folders, papers } = await db.rows();
        const ofGlobex = ({ tenantId }: { tenantId: string }) => tenantId === globex.id;
        expect(folders.filter(ofGlobex)).toEqual(before.folders.filter(ofGlobex));
        expect(papers.filter(ofGlobex)).toEqual(before.papers.filter(ofGlobex));
      });

      it(`${name}: deletes the whole branch of either tenant`, async () => {
        await Promise.all([
          db.as(acme, async () => deletion(db.prisma, 100)),
          db.as(globex, async () => deletion(db.prisma, 200)),
        ]);
        const rest = name.startsWith('nested') ? [1, 4] : [4];
        const ids = [...rest.map((id) => 100 + id), ...rest.map((id) => 200 + id)];
        const { folders, papers } = await db.rows();
        expect([folders.map(({ id }) => id), papers.map(({ id }) => id)]).toEqual([ids, ids]);
      });
    }
  },
);

describe.each(SETTINGS)('%s: deleting rows that others may depend on', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  it('where there is no row to delete, the answer is that, whatever could depend on one', async () => {
    const before = await db.rows();
    const { unit } = db.prisma;
    await db.as(acme, async () => {
      expect(await unit.deleteMany({ where: { id: { in: [999, 201] } } })).toEqual({ count: 0 });
      await expect(unit.delete({ where: { id: 201 } })).rejects.toMatchObject({ code: 'P2025' });
      await unit.update({ where: { id: 106 }, data: { children: { deleteMany: {} } } });
    });
    expect(await db.rows()).toEqual(before);
    const outcome = db.as(acme, () => unit.update({ where: { id: 101 }, data: { children: { deleteMany: {} } } }));
    if (setting !== 'PostgreSQL with the floor') await outcome;
    else await expect(outcome).rejects.toMatchObject({ code: 'scope_refused' });
    expect((await db.rows()).units.filter(({ parentId }) => parentId === 101)).toHaveLength(
      setting === 'PostgreSQL with the floor' ? 3 : 0,
    );
  });
});

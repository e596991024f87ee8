import { afterAll, beforeAll, expect, it } from 'vitest';
import { acme, type HiringDatabase, openHiringDatabase } from './database/hiring-database.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
afterAll(() => db.stop());

const wrong = [Object.create(null), { toString: () => 'id' }, Symbol('id'), 1n, null, new Date(), ['id'], 'none'];

it('what names no column in `by` and `distinct`, or asks nothing of a group, is refused by an error that says so', async () => {
  for (const value of wrong) {
    for (const names of [value, [value]]) {
      if (Array.isArray(names) && names[0] === 'id') continue;
      const grouped = db.context.run(acme, async () => db.prisma.job.groupBy({ by: names } as never));
      await expect(grouped).rejects.toMatchObject({
        code: 'scope_refused',
        message: /`by` names .*, which is no column/,
      });
      const distinct = db.context.run(acme, async () => db.prisma.job.findMany({ distinct: names } as never));
      await expect(distinct).rejects.toMatchObject({ code: 'scope_refused', message: /`distinct` names/ });
    }
  }
  for (const having of [new Date(), null, 'x', [], new Uint8Array(1)]) {
    const grouped = db.context.run(acme, async () => db.prisma.job.groupBy({ by: ['id'], having } as never));
    await expect(grouped).rejects.toMatchObject({ code: 'scope_refused', message: /`having` is not an object/ });
  }
});

import { skip as prismaSkip } from '@prisma/client/runtime/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, openCompany, SETTINGS } from './company.js';

/** Types take it only where the client is generated for it. */
const skip = prismaSkip as never;

type Writes = Readonly<Record<'create' | 'update' | 'upsert', (args: object) => PromiseLike<unknown>>>;

describe.each(SETTINGS)('%s: relations named with nothing in them', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting, { writable: ['Plan'] });
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  // As it comes from a caller's own mistakes: types forbid some of it.
  const empty: readonly object[] = [
    {},
    { connect: undefined },
    { connect: skip },
    { create: undefined, connectOrCreate: undefined },
  ];
  const row = (id: number) => ({ id, no: `n${id}` });

  it.each(empty)("a new row is the tenant's beside a relation that holds the tenant: %o", async (head) => {
    await db.as(acme, async () => {
      const { group, plan } = db.prisma as never as { [model in 'group' | 'plan']: Writes };
      await group.create({ data: { ...row(150), head } });
      await group.create({ data: { ...row(151), head, rival: {} } });
      await group.create({ data: { ...row(152), head, members: { create: { ...row(153), head: {}, rival: {} } } } });
      await group.upsert({ where: { id: 154 }, create: { ...row(154), head, rival: head }, update: { head } });
      const connectOrCreate = { where: { id: 155 }, create: { ...row(155), head, rival: {} } };
      await group.update({ where: { id: 101 }, data: { rival: { connectOrCreate } } });
      await plan.update({ where: { code: 'free' }, data: { groups: { create: { ...row(156), head, rival: {} } } } });
    });
    const { groups } = await db.rows();
    const made = groups.filter(({ id }) => id >= 150 && id < 200);
    expect(made.map(({ tenantId, id, headNo, rivalId }) => [tenantId, id, headNo, rivalId])).toEqual([
      [acme.id, 150, null, null],
      [acme.id, 151, null, null],
      [acme.id, 152, null, null],
      [acme.id, 153, 'n152', null],
      [acme.id, 154, null, null],
      [acme.id, 155, null, null],
      [acme.id, 156, null, null],
    ]);
    expect(groups.find(({ id }) => id === 101)?.rivalId).toBe(155);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, type Company, globex, openCompany, SETTINGS } from './company.js';

describe.each(SETTINGS)('%s: rows with an id of several columns, none of them the tenant', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting, { writable: ['Org'] });
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  type Attempt = (prisma: Company['prisma']) => PromiseLike<unknown>;
  const [first, second] = [{ row_no: { row: 'A', no: 1 } }, { row_no: { row: 'B', no: 2 } }] as const;
  const of =
    (seats: object): Attempt =>
    ({ unit }) =>
      unit.update({ where: { id: 101 }, data: { seats } as never });

  const attempts: Record<string, Attempt> = {
    'nested updateMany': of({ updateMany: { where: {}, data: { note: 'changed' } } }),
    'nested deleteMany': of({ deleteMany: {} }),
    'nested update of two': of({ update: [first, second].map((where) => ({ where, data: { note: 'changed' } })) }),
    'nested delete of two': of({ delete: [first, second] }),
    'nested disconnect of two': of({ disconnect: [first, second] }),
    'nested set of none': of({ set: [] }),
    'nested set of one': of({ set: [first] }),
    'nested connect of two': ({ unit }) =>
      unit.update({ where: { id: 102 }, data: { seats: { connect: [first, second] } } }),
    'nested set of two': ({ unit }) => unit.update({ where: { id: 102 }, data: { seats: { set: [first, second] } } }),
    'connect of two by a new row': ({ unit }) =>
      unit.create({ data: { id: 150, name: 'new', seats: { connect: [first, second] } } }),
    'nested upsert of two': of({
      upsert: [first, second].map((where) => ({ where, create: { row: 'C', no: 1 }, update: { note: 'changed' } })),
    }),
    updateMany: ({ seat }) => seat.updateMany({ data: { note: 'changed' } }),
    'updateMany by a relation': ({ seat }) =>
      seat.updateMany({ where: { unit: { id: 101 } }, data: { note: 'changed' } }),
    'updateMany of two': ({ seat }) => seat.updateMany({ data: { note: 'changed' }, limit: 2 }),
    updateManyAndReturn: ({ seat }) => seat.updateManyAndReturn({ data: { note: 'changed' } }),
    'updateManyAndReturn of two': ({ seat }) => seat.updateManyAndReturn({ data: { note: 'changed' }, limit: 2 }),
    deleteMany: ({ seat }) => seat.deleteMany(),
    'deleteMany by a relation': ({ seat }) => seat.deleteMany({ where: { unit: { id: 101 } } }),
    'deleteMany of two': ({ seat }) => seat.deleteMany({ limit: 2 }),
  };

  const hasFloor = setting === 'PostgreSQL with the floor';
  /** Columns by whose values Prisma asks the database. */
  const REFUSED = /updateMany|deleteMany|set/;

  it.each(Object.entries(attempts))('%s: no row of another tenant is changed', async (name, attempt) => {
    const before = (await db.rows()).seats;
    const done = db.as(acme, () => attempt(db.prisma));
    if (!hasFloor && name.startsWith('nested') && REFUSED.test(name)) {
      await expect(done).rejects.toMatchObject({
        code: 'scope_refused',
        message: /the id of Seat has several columns/,
      });
      expect((await db.rows()).seats).toEqual(before);
      return;
    }
    await done;
    const after = (await db.rows()).seats;
    const ofGlobex = (rows: typeof before) => rows.filter(({ tenantId }) => tenantId === globex.id);
    expect(ofGlobex(after)).toEqual(ofGlobex(before));
    expect(after).not.toEqual(before);
  });

  it('twin: what is written instead changes the own rows alone, for each tenant in turn', async () => {
    for (const [{ id }, unitId, other] of [
      [acme, 101, globex],
      [globex, 201, acme],
    ] as const) {
      const changed = { where: { unit: { id: unitId } }, data: { note: id } };
      await db.as(id === acme.id ? acme : globex, () => db.prisma.seat.updateMany(changed));
      const { seats } = await db.rows();
      expect(seats.filter(({ note }) => note === id).map(({ tenantId }) => tenantId)).toEqual([id, id]);
      expect(seats.filter(({ tenantId }) => tenantId === other.id)).toHaveLength(2);
    }
  });
});

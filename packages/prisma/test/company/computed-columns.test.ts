import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, type Company, openCompany, SETTINGS } from './company.js';

/** Columns that a row shows of itself. */
const shown = (row: object): unknown => JSON.parse(JSON.stringify(row));

describe.each(SETTINGS)('%s, prisma-10: computed columns and the tenant of a required relation', (setting) => {
  let db: Company;
  beforeAll(async () => {
    db = await openCompany(setting);
    await db.seed();
    await db.plant();
    // Another tenant's unit, as a required one of a task of its own.
    await db.outside.task.create({ data: { tenantId: acme.id, id: 190, unitId: 201 } });
  });
  afterAll(() => db.stop());

  const where = { id: 101 };
  const astray = { where: { id: 190 } };
  /** The floor does not show it, and without one it is refused. */
  const isKept = (query: PromiseLike<unknown>) =>
    setting === 'PostgreSQL with the floor'
      ? expect(query).resolves.toMatchObject({ unit: null })
      : expect(query).rejects.toMatchObject({ code: 'tenant_row_unavailable' });

  it('one that needs the tenant has it, though it is not selected', async () => {
    const prisma = db.prisma.$extends({
      result: {
        unit: {
          path: {
            needs: { tenantId: true, id: true },
            compute: ({ tenantId, id }: { tenantId: string; id: number }) => `${tenantId}/${id}`,
          },
        },
      },
    });
    await db.as(acme, async () => {
      const selected = await prisma.task.findUniqueOrThrow({ where, select: { unit: { select: { path: true } } } });
      expect(selected.unit.path).toBe('t_acme/101');
      expect(JSON.stringify(selected)).toBe('{"unit":{"path":"t_acme/101"}}');
      const omitted = await prisma.task.findUniqueOrThrow({
        where,
        select: { unit: { omit: { tenantId: true, parentId: true } } },
      });
      expect(shown(omitted.unit)).toEqual({ id: 101, name: 'unit 1', path: 't_acme/101' });
      const other = await prisma.task.findUniqueOrThrow({ where, select: { unit: { select: { name: true } } } });
      expect(Object.keys(other.unit)).toEqual(['name']);
      const created = await prisma.task.create({
        data: { id: 150, unitId: 101 },
        select: { unit: { select: { path: true, name: true } } },
      });
      expect(shown(created.unit)).toEqual({ path: 't_acme/101', name: 'unit 1' });
      await isKept(prisma.task.findUnique({ ...astray, select: { unit: { select: { path: true } } } }));
    });
  });

  it("one of the name of the tenant field hides no other tenant's row, and none of its own", async () => {
    const prisma = db.prisma.$extends({
      result: {
        unit: {
          tenantId: { needs: { tenantId: true }, compute: ({ tenantId }: { tenantId: string }) => `of ${tenantId}` },
          label: { needs: { name: true }, compute: ({ name }: { name: string }) => name.toUpperCase() },
        },
        task: { tenantId: { needs: {}, compute: () => 't_acme' } },
      },
    });
    await db.as(acme, async () => {
      const { unit } = await prisma.task.findUniqueOrThrow({ where, include: { unit: true } });
      expect([unit.tenantId, unit.label]).toEqual(['of t_acme', 'UNIT 1']);
      const { unit: selected } = await prisma.task.findUniqueOrThrow({
        where,
        select: { unit: { select: { label: true } } },
      });
      expect(shown(selected)).toEqual({ label: 'UNIT 1' });
      await isKept(prisma.task.findUnique({ ...astray, include: { unit: true } }));
    });
    const masked = db.prisma.$extends({
      result: { unit: { tenantId: { needs: {}, compute: () => 't_acme' } } },
    });
    await db.as(acme, async () => {
      const select = { unit: { select: { name: true } } };
      await isKept(masked.task.findUnique({ ...astray, select }));
      await isKept(masked.task.findUnique({ ...astray, include: { unit: true } }));
    });
  });
});

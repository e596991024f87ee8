import type { DataSource, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import { acme, type FloorDatabase, globex, Job, openFloorDatabase, versions } from './database/floor-database.js';

/** Entities that name the tenant, as a scoped data source wants them, over the same tables. */
function scopedEntities(Schema: (typeof versions)[number]['Schema']) {
  return [
    new Schema<Job>({
      name: 'Job',
      target: Job,
      tableName: 'job',
      columns: {
        tenantId: { type: 'text' },
        id: { type: 'text', primary: true },
        title: { type: 'text' },
        salary: { type: 'int', default: 0 },
      },
    }),
  ] as EntitySchema[];
}

describe.each(versions)('TypeORM $version, scoped, over a tenant pool', (typeorm) => {
  let db: FloorDatabase;
  let source: DataSource;
  beforeAll(async () => {
    db = await openFloorDatabase(typeorm);
    source = await db.open({ entities: scopedEntities(typeorm.Schema) });
    tenantScoped(source, { context: db.context });
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());
  const both = (work: (slug: string, id: string) => Promise<unknown>) =>
    Promise.all(
      Array.from({ length: 5 }, () =>
        [acme, globex].map((tenant) => db.context.run(tenant, () => work(tenant.slug, tenant.id))),
      ).flat(),
    );
  const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();
  const own = (slug: string) => [1, 2, 3].map((n) => `${slug}-job-${n}`);

  it('T7, T12: raw SQL, hand-written sub-queries and common table expressions are allowed, and see own rows alone', () =>
    both(async (slug) => {
      const jobs = source.getRepository(Job);
      expect(idsOf(await source.query('SELECT id FROM job'))).toEqual(own(slug));
      expect(idsOf(await jobs.createQueryBuilder('j').where('j.id IN (SELECT id FROM job)').getMany())).toEqual(
        own(slug),
      );
      const builder = source.createQueryBuilder().addCommonTableExpression('SELECT id FROM job', 'c');
      expect(idsOf(await builder.select('c.id', 'id').from('c', 'c').getRawMany())).toEqual(own(slug));
      expect(idsOf(await jobs.find())).toEqual(own(slug));
    }));

  it('T3: an upsert by a key without the tenant changes own rows, and the policies refuse another’s', async () => {
    await db.context.run(acme, async () => {
      const jobs = source.getRepository(Job);
      await jobs.upsert({ id: 'acme-job-1', title: 'changed' }, ['id']);
      expect(await jobs.findOneByOrFail({ id: 'acme-job-1' })).toMatchObject({ title: 'changed', tenantId: acme.id });
      await expect(jobs.upsert({ id: 'globex-job-1', title: 'x' }, ['id'])).rejects.toThrow(/row-level security/);
    });
    expect((await db.rowsOf(globex)).map(({ title }) => title)).toEqual(['job 1', 'job 2', 'job 3']);
  });

  it('T9, T12: clear is refused, and raw SQL without a tenant', async () => {
    await expect(db.context.run(acme, () => source.getRepository(Job).clear())).rejects.toThrow(/TRUNCATE/);
    await expect(source.query('SELECT 1')).rejects.toMatchObject({ code: 'tenant_context_missing' });
    expect(await db.rowsOf(globex)).toHaveLength(3);
  });
});

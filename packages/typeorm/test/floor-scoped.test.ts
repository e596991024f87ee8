import type { DataSource, EntitySchema } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
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

/** An application's own store, as TypeORM takes it. */
function cacheInMemory(): QueryResultCache {
  const entries = new Map<string, QueryResultCacheOptions>();
  const keyOf = ({ identifier, query }: QueryResultCacheOptions) => identifier ?? query ?? '';
  return {
    connect: async () => {},
    disconnect: async () => {},
    synchronize: async () => {},
    getFromCache: async (options) => entries.get(keyOf(options)),
    storeInCache: async (options) => void entries.set(keyOf(options), options),
    isExpired: () => false,
    clear: async () => entries.clear(),
    remove: async (identifiers) => {
      for (const each of identifiers) entries.delete(each);
    },
  };
}

describe.each(versions)('TypeORM $version, scoped, over a tenant pool', (typeorm) => {
  let db: FloorDatabase;
  let source: DataSource;
  beforeAll(async () => {
    db = await openFloorDatabase(typeorm);
    source = await db.open({ entities: scopedEntities(typeorm.Schema), cache: { provider: cacheInMemory } });
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

  it('T11: results of raw SQL, where nothing in the SQL names the tenant, are kept apart in the cache', async () => {
    for (let round = 0; round < 2; round += 1) {
      await both(async (slug) => {
        const raw = source.createQueryBuilder().select('j.id', 'id').from('(SELECT id FROM job)', 'j');
        expect(idsOf(await raw.cache(60_000).getRawMany())).toEqual(own(slug));
        expect(idsOf(await raw.cache('jobs', 60_000).getRawMany())).toEqual(own(slug));
      });
    }
    await db.context.run(acme, () => source.queryResultCache?.remove(['jobs']) as Promise<void>);
  });

  it("T3: an upsert by a key without the tenant changes own rows, and fails at another's", async () => {
    await db.context.run(acme, async () => {
      const jobs = source.getRepository(Job);
      await jobs.upsert({ id: 'acme-job-1', title: 'changed' }, ['id']);
      expect(await jobs.findOneByOrFail({ id: 'acme-job-1' })).toMatchObject({ title: 'changed', tenantId: acme.id });
      await expect(jobs.upsert({ id: 'globex-job-1', title: 'x' }, ['id'])).rejects.toMatchObject({
        code: 'tenant_row_unavailable',
      });
    });
    expect((await db.rowsOf(globex)).map(({ title }) => title)).toEqual(['job 1', 'job 2', 'job 3']);
  });

  it('T9, T12: clear is refused, and raw SQL without a tenant', async () => {
    await expect(db.context.run(acme, () => source.getRepository(Job).clear())).rejects.toThrow(/TRUNCATE/);
    await expect(source.query('SELECT 1 + 1')).rejects.toMatchObject({ code: 'tenant_context_missing' });
    expect(await db.rowsOf(globex)).toHaveLength(3);
  });
});

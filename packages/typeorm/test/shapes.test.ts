import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import initSqlJs from 'sql.js';
import { BaseEntity, DataSource, EntitySchema, type Repository, type TreeRepository } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { tenantScoped } from '../src/index.js';

const tenants: readonly [Tenant, Tenant] = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
];
const context = new TenantContext();
const id = { type: String, primary: true } as const;
const tenantId = { type: String } as const;
type Options = ConstructorParameters<typeof EntitySchema>[0];

const opened: DataSource[] = [];
afterEach(async () => {
  for (const source of opened.splice(0)) if (source.isInitialized) await source.destroy();
});
/** Both tenants write with the same name, and then both look, at once. */
const both = async (
  write: (slug: string) => Promise<unknown>,
  look: (slug: string, tenantId: string) => Promise<unknown>,
) => {
  for (const tenant of tenants) await context.run(tenant, () => write(tenant.slug));
  await Promise.all(tenants.map((tenant) => context.run(tenant, () => look(tenant.slug, tenant.id))));
};

describe.each(['PostgreSQL', 'SQLite'] as const)('other shapes of entities on %s', (name) => {
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined;
  beforeAll(async () => {
    if (name === 'PostgreSQL') database = await createDatabase(inject('postgresUrl'));
  });
  afterAll(() => database?.stop());
  async function open(entities: readonly EntitySchema[], options: object = {}): Promise<DataSource> {
    const connection = database
      ? { type: 'postgres', url: database.url, installExtensions: false, dropSchema: true }
      : { type: 'sqljs', driver: await initSqlJs() };
    const source = new DataSource({ ...connection, entities, synchronize: true } as never);
    opened.push(source);
    return tenantScoped(source, { context, ...options }).initialize();
  }

  it('single-table inheritance: parents and children', async () => {
    class Person {}
    class Recruiter extends Person {}
    const columns = { id, tenantId, kind: { type: String } };
    const source = await open([
      new EntitySchema({
        name: 'Person',
        target: Person,
        columns,
        inheritance: { pattern: 'STI', column: 'kind' },
      } as Options),
      new EntitySchema({
        name: 'Recruiter',
        target: Recruiter,
        type: 'entity-child',
        discriminatorValue: 'recruiter',
        columns,
      } as Options),
    ]);
    const recruiters = source.getRepository(Recruiter) as Repository<{ id: string }>;
    await both(
      (slug) => recruiters.save({ id: `${slug}-1` }),
      async (slug) => {
        expect(await recruiters.find()).toMatchObject([{ id: `${slug}-1` }]);
        expect(await source.getRepository(Person).find()).toMatchObject([{ id: `${slug}-1` }]);
        expect((await recruiters.update({}, { id: `${slug}-1` }).catch(() => ({ affected: 0 }))).affected).toBeLessThan(
          2,
        );
      },
    );
  });

  it('the tenant in an embedded class, and composite keys', async () => {
    class Job {}
    const Owner = new EntitySchema({ name: 'Owner', columns: { tenantId } } as Options);
    const Job1 = new EntitySchema({
      name: 'Job',
      target: Job,
      columns: { id, part: { type: Number, primary: true } },
      embeddeds: { owner: { schema: Owner, prefix: 'owner_' } },
    } as Options);
    const source = await open([Job1], { tenantProperty: 'owner.tenantId' });
    const jobs = source.getRepository(Job) as Repository<{ id: string; part: number; owner?: object }>;
    await both(
      (slug) => jobs.insert({ id: slug, part: 1 }),
      async (slug, tenantId) => {
        expect(await jobs.find()).toEqual([{ id: slug, part: 1, owner: { tenantId } }]);
        await expect(jobs.insert({ id: 'x', part: 1, owner: { tenantId: 'another' } })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
      },
    );
  });

  it('materialized paths: ancestors and descendants', async () => {
    class Unit {}
    const source = await open([
      new EntitySchema({
        name: 'Unit',
        target: Unit,
        columns: { id, tenantId },
        trees: [{ type: 'materialized-path' }],
        relations: {
          parent: { type: 'many-to-one', treeParent: true, target: 'Unit', nullable: true },
          children: { type: 'one-to-many', treeChildren: true, target: 'Unit', inverseSide: 'parent' },
        },
      } as Options),
    ]);
    const units = source.getTreeRepository(Unit) as TreeRepository<{ id: string; parent?: object }>;
    await both(
      async (slug) => {
        const parent = await units.save({ id: `${slug}-1` });
        await units.save({ id: `${slug}-2`, parent });
      },
      async (slug) => {
        expect((await units.findRoots()).map((unit) => unit.id)).toEqual([`${slug}-1`]);
        expect(await units.countDescendants({ id: `${slug}-1` })).toBe(2);
        const other = slug === 'acme' ? 'globex' : 'acme';
        expect(await units.findDescendants({ id: `${other}-1` }).catch(() => [])).toEqual([]);
      },
    );
  });

  it('T14: active record', async () => {
    class Job extends BaseEntity {
      declare id: string;
      declare tenantId: string;
    }
    const source = await open([new EntitySchema({ name: 'Job', target: Job, columns: { id, tenantId } } as Options)]);
    Job.useDataSource(source);
    await both(
      (slug) => Job.create({ id: slug }).save(),
      async (slug) => {
        expect(await Job.find()).toMatchObject([{ id: slug }]);
        expect(await Job.count()).toBe(1);
        await expect(Job.query('SELECT * FROM job')).rejects.toMatchObject({ code: 'scope_refused' });
      },
    );
    await expect(Job.find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });

  it('T13: lazy relations', async () => {
    class Job {}
    class Office {}
    const source = await open([
      new EntitySchema({
        name: 'Office',
        target: Office,
        columns: { id, tenantId },
        relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office', lazy: true } },
      } as Options),
      new EntitySchema({
        name: 'Job',
        target: Job,
        columns: { id, tenantId },
        relations: { office: { type: 'many-to-one', target: 'Office', inverseSide: 'jobs', nullable: true } },
      } as Options),
    ]);
    const offices = source.getRepository(Office) as Repository<{ id: string; jobs: Promise<{ id: string }[]> }>;
    await both(
      async (slug) => {
        await offices.insert({ id: `${slug}-1` } as never);
        await source.getRepository(Job).insert({ id: `${slug}-job`, office: { id: `${slug}-1` } } as never);
      },
      async (slug) => {
        const [office] = await offices.find();
        expect((await office?.jobs)?.map((job) => job.id)).toEqual([`${slug}-job`]);
      },
    );
  });

  const jobSchema = (more: object = {}, relations: object = {}) =>
    new EntitySchema({ name: 'Job', columns: { id, tenantId, ...more }, relations } as Options);
  const officeSchema = () => new EntitySchema({ name: 'Office', columns: { id, tenantId } } as Options);
  const office = { type: 'many-to-one', target: 'Office', joinColumn: { name: 'officeId' }, nullable: true } as const;
  const otherOf = (slug: string) => (slug === 'acme' ? 'globex' : 'acme');

  it("views: one with the tenant is a tenant's, and one without it must be named in shared", async () => {
    const view = (columns: object, expression: string) =>
      new EntitySchema({ name: 'Report', type: 'view', columns, expression } as unknown as Options);
    const source = await open([
      jobSchema(),
      view({ id: { type: String }, tenantId }, 'SELECT "j"."id" AS "id", "j"."tenantId" AS "tenantId" FROM "job" "j"'),
    ]);
    await source.synchronize();
    await both(
      (slug) => source.getRepository('Job').insert([{ id: `${slug}-1` }, { id: `${slug}-2` }]),
      async (slug, tenant) => {
        const reports = source.getRepository('Report');
        expect(await reports.find({ order: { id: 'ASC' } })).toEqual(
          [1, 2].map((n) => ({ id: `${slug}-${n}`, tenantId: tenant })),
        );
        expect(await reports.count()).toBe(2);
        expect(await reports.findOneBy({ id: `${otherOf(slug)}-1` })).toBeNull();
        expect(await reports.createQueryBuilder('r').where('1 = 1 OR 1 = 1').getCount()).toBe(2);
      },
    );
    const counted = view({ total: { type: Number } }, 'SELECT COUNT(*) AS "total" FROM "job"');
    await expect(open([jobSchema(), counted])).rejects.toMatchObject({ code: 'entity_unclassified' });
    expect((await open([jobSchema(), counted], { shared: ['Report'] })).isInitialized).toBe(true);
  });

  it('composite keys with the tenant: both tenants have rows of the same key, and references by it', async () => {
    const key = { tenantId: { type: String, primary: true }, id };
    const joinColumn = ['tenantId', 'officeId'].map((column, n) => ({
      name: column,
      referencedColumnName: ['tenantId', 'id'][n],
    }));
    const source = await open([
      new EntitySchema({
        name: 'Office',
        columns: { ...key, city: { type: String } },
        relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office', cascade: true } },
      } as Options),
      new EntitySchema({
        name: 'Job',
        columns: { ...key, officeId: { type: String, nullable: true } },
        relations: { office: { type: 'many-to-one', target: 'Office', inverseSide: 'jobs', joinColumn } },
      } as Options),
    ]);
    const offices = source.getRepository('Office');
    const jobs = source.getRepository('Job');
    await both(
      async (slug) => {
        await offices.save([1, 2].map((n) => ({ id: `office-${n}`, city: `${slug} ${n}` })));
        await jobs.insert([1, 2, 3].map((n) => ({ id: `job-${n}`, officeId: `office-${n === 3 ? 2 : 1}` })));
        await offices.upsert({ id: 'office-2', city: `${slug} moved` }, ['tenantId', 'id']);
        await jobs.delete({ id: 'job-2' });
        await jobs.update({ id: 'job-3' }, { officeId: 'office-1' });
      },
      async (slug, tenant) => {
        const found = await offices.find({
          relations: { jobs: true },
          order: { id: 'ASC' },
          take: 2,
        });
        for (const { jobs } of found) jobs.sort((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1));
        const job = (n: number) => ({ tenantId: tenant, id: `job-${n}`, officeId: 'office-1' });
        expect(found).toEqual([
          { tenantId: tenant, id: 'office-1', city: `${slug} 1`, jobs: [job(1), job(3)] },
          { tenantId: tenant, id: 'office-2', city: `${slug} moved`, jobs: [] },
        ]);
        expect(await jobs.findOne({ where: { id: 'job-1' }, relations: { office: true } })).toMatchObject({
          office: { city: `${slug} 1` },
        });
        await expect(jobs.insert({ id: 'job-1' })).rejects.toMatchObject({ name: 'QueryFailedError' });
      },
    );
  });

  it('T13: eager relations, RelationId and loadRelationIds lead to own rows', async () => {
    const source = await open([
      officeSchema(),
      new EntitySchema({
        name: 'Job',
        columns: { id, tenantId },
        relations: {
          office: { ...office, eager: true },
          tags: { type: 'many-to-many', target: 'Tag', joinTable: { name: 'job_tag' } },
        },
        relationIds: { tagIds: { relationName: 'tags' } },
      } as unknown as Options),
      new EntitySchema({ name: 'Tag', columns: { id, tenantId } } as Options),
    ]);
    await both(
      async (slug) => {
        await source.getRepository('Office').insert({ id: `${slug}-office` });
        await source.getRepository('Tag').insert({ id: `${slug}-tag` });
        const row = { id: `${slug}-1`, office: { id: `${slug}-office` }, tags: [{ id: `${slug}-tag` }] };
        await source.getRepository('Job').save([row, { id: `${slug}-2` }]);
      },
      async () => {},
    );
    // Planted from outside: each tenant's second job is in the other's office, and has its tag.
    const plant = async (sql: string) => {
      if (!database)
        return void (
          source.driver as unknown as { databaseConnection: { exec(sql: string): void } }
        ).databaseConnection.exec(sql);
      const outside = await new DataSource({
        type: 'postgres',
        url: database.url,
        installExtensions: false,
      } as never).initialize();
      await outside.query(sql).finally(() => outside.destroy());
    };
    for (const { slug } of tenants) {
      await plant(`UPDATE "job" SET "officeId" = '${otherOf(slug)}-office' WHERE "id" = '${slug}-2'`);
      await plant(`INSERT INTO "job_tag" VALUES ('${slug}-2', '${otherOf(slug)}-tag')`);
    }
    await both(
      async () => {},
      async (slug, tenant) => {
        const jobs = source.getRepository('Job');
        const [first, second] = await jobs.find({ order: { id: 'ASC' } });
        expect(first).toEqual({
          id: `${slug}-1`,
          tenantId: tenant,
          office: { id: `${slug}-office`, tenantId: tenant },
          tagIds: [`${slug}-tag`],
        });
        expect(second).toEqual({ id: `${slug}-2`, tenantId: tenant, office: null, tagIds: [] });
        const ids = await jobs.find({
          loadRelationIds: { relations: ['tags'] },
          loadEagerRelations: false,
          order: { id: 'ASC' },
        });
        expect(ids.map(({ tags }) => tags)).toEqual([[`${slug}-tag`], []]);
      },
    );
  });

  it('T13: a virtual column is SQL written by hand, and refused when it is read', async () => {
    const source = await open([
      jobSchema({ total: { type: Number, virtualProperty: true, query: () => 'SELECT COUNT(*) FROM "job"' } }),
    ]);
    const jobs = source.getRepository('Job');
    await both(
      (slug) => jobs.insert({ id: slug }),
      async (slug, tenant) => {
        await expect(jobs.find()).rejects.toMatchObject({ code: 'scope_refused' });
        expect(await jobs.find({ select: { id: true, tenantId: true } })).toEqual([{ id: slug, tenantId: tenant }]);
      },
    );
  });

  if (name === 'PostgreSQL')
    it('T20: locks and streams see own rows alone', async () => {
      const source = await open([officeSchema(), jobSchema({}, { office })]);
      const jobs = source.getRepository('Job');
      await both(
        async (slug) => void (await jobs.insert([{ id: `${slug}-1` }, { id: `${slug}-2` }])),
        async (slug) => {
          const expected = [`${slug}-1`, `${slug}-2`];
          await source.transaction(async (manager) => {
            for (const mode of [
              'pessimistic_write',
              'pessimistic_read',
              'for_no_key_update',
              'for_key_share',
            ] as const) {
              const locked = manager
                .createQueryBuilder('Job', 'j')
                .setLock(mode)
                .where('1 = 1 OR 1 = 1')
                .orderBy('j.id');
              expect((await locked.getMany()).map((row) => row['id'])).toEqual(expected);
            }
            const found = await manager.find('Job', {
              lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
              order: { id: 'ASC' },
            });
            expect(found.map((row) => (row as { id: string }).id)).toEqual(expected);
          });
          const streamed: string[] = [];
          for await (const row of await jobs.createQueryBuilder('j').select('j.id', 'id').orderBy('j.id').stream()) {
            streamed.push((row as unknown as { id: string }).id);
          }
          expect(streamed).toEqual(expected);
        },
      );
    });

  it('T20: a lock is refused by TypeORM itself where the database has none', async () => {
    const source = await open([jobSchema()]);
    const find = () => source.transaction((manager) => manager.find('Job', { lock: { mode: 'pessimistic_write' } }));
    const outcome = context.run(tenants[0], find);
    if (name === 'SQLite') await expect(outcome).rejects.toMatchObject({ name: 'LockNotSupportedOnGivenDriverError' });
    else expect(await outcome).toEqual([]);
  });
});

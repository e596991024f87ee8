import { type DataSource, In, Raw, type Repository } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  acme,
  Country,
  globex,
  Job,
  Office,
  openScopedDatabase,
  type ScopedDatabase,
  settings,
  Tag,
  tenants,
} from './database/scoped-database.js';

const refused = { code: 'scope_refused' };

describe.each(settings)('TypeORM $version on $database', (setting) => {
  let db: ScopedDatabase;
  let source: DataSource;
  let jobs: Repository<Job>;
  let before: unknown[];
  beforeAll(async () => {
    db = await openScopedDatabase(setting);
    source = db.source;
    jobs = source.getRepository(Job);
  });
  beforeEach(async () => {
    await db.seed();
    before = await Promise.all(tenants.map(db.rowsOf));
  });
  afterAll(() => db.stop());
  const untouched = async () => expect(await Promise.all(tenants.map(db.rowsOf))).toEqual(before);
  /** Both tenants at once; `other` is the one whose rows must not appear. */
  const interleaved = (work: (own: string, other: string, tenantId: string) => Promise<unknown>) =>
    Promise.all(
      Array.from({ length: 4 }, () =>
        tenants.map((tenant) =>
          db.context.run(tenant, () => work(tenant.slug, tenant === acme ? 'globex' : 'acme', tenant.id)),
        ),
      ).flat(),
    );
  const as = <R>(work: () => Promise<R>): Promise<R> => db.context.run(acme, work);
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();
  const three = (own: string) => [1, 2, 3].map((n) => `${own}-job-${n}`);

  it('reads: find, findOne, count, exists, aggregates and builders answer with own rows alone', () =>
    interleaved(async (own, other) => {
      expect(ids(await jobs.find())).toEqual(three(own));
      expect(ids(await jobs.find({ where: [{ salary: 1 }, { id: In(three(other)) }] }))).toEqual([`${own}-job-1`]);
      expect(await jobs.findOneBy({ id: `${other}-job-1` })).toBeNull();
      expect([await jobs.count(), await jobs.sum('salary'), await jobs.maximum('salary')].map(Number)).toEqual([
        3, 6, 3,
      ]);
      expect(await jobs.exists({ where: { id: `${other}-job-1` } })).toBe(false);
      expect(await jobs.exists({ where: { id: `${own}-job-1` } })).toBe(true);
      expect((await jobs.findAndCount({ take: 2, order: { id: 'ASC' } }))[1]).toBe(3);
      expect(ids(await source.createQueryBuilder(Job, 'j').getMany())).toEqual(three(own));
      expect(await source.getRepository(Country).find()).toEqual([{ code: 'CH' }]);
    }));

  it("T1: save does not take another tenant's row", async () => {
    await as(async () => {
      const stolen = jobs.create({ id: 'globex-job-1', title: 'mine', officeId: 'acme-office' });
      await expect(jobs.save(stolen)).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
    });
    await untouched();
  });

  it('T1: save takes no row of another tenant over a relation', async () => {
    await as(async () => {
      const offices = source.getRepository(Office);
      const office = await offices.findOneOrFail({ where: { id: 'acme-office' }, relations: { jobs: true } });
      office.jobs.push(jobs.create({ id: 'globex-job-1' }));
      // Nothing is there for this tenant, so TypeORM has nothing to change, or tries to insert it.
      await offices.save(office).catch(() => {});
      const job = await jobs.findOneOrFail({ where: { id: 'acme-job-1' }, relations: { tags: true } });
      job.tags.push({ id: 'globex-tag-1' } as Tag);
      await expect(jobs.save(job)).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
      job.tags = [];
      job.office = { id: 'globex-office' } as Office;
      await expect(jobs.save(job)).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
    });
    await untouched();
  });

  it('T2: update, delete, remove, softDelete, restore and increment reach own rows alone', async () => {
    await as(async () => {
      for (const id of ['globex-job-1', In(three('globex'))] as const) {
        await jobs.update({ id: id as string }, { title: 'x' });
        await jobs.softDelete({ id: id as string });
        await jobs.restore({ id: id as string });
        await jobs.increment({ id: id as string }, 'salary', 5);
        await jobs.delete({ id: id as string });
      }
      await jobs.remove(jobs.create({ id: 'globex-job-2' }));
    });
    await untouched();
    await as(async () => {
      await jobs.update({ id: 'acme-job-1' }, { title: 'own' });
      await jobs.increment({ id: 'acme-job-1' }, 'salary', 5);
      expect(await jobs.findOneByOrFail({ id: 'acme-job-1' })).toMatchObject({ title: 'own', salary: 6 });
      await jobs.softDelete({ id: 'acme-job-1' });
      expect(await jobs.count()).toBe(2);
      await source.createQueryBuilder().delete().from(Job).where('1 = 1 OR 1 = 1').execute();
    });
    expect((await db.rowsOf(acme))[0]).toEqual([]);
    expect(await db.rowsOf(globex)).toEqual(before[1]);
  });

  it('T3: an upsert overwrites no row of another tenant', async () => {
    const offices = source.getRepository(Office);
    await interleaved(async (own, other) => {
      await expect(offices.upsert({ id: `${other}-office`, city: 'x' }, ['id'])).rejects.toMatchObject({
        code: 'tenant_row_unavailable',
      });
      await offices.upsert({ id: `${own}-office`, city: `${own} city` }, ['tenantId', 'city']);
      expect(await offices.find()).toMatchObject([{ id: `${own}-office`, city: `${own} city` }]);
    });
    await untouched();
  });

  it('T4: new rows are stamped, and naming another tenant is refused', async () => {
    await as(async () => {
      const office = { officeId: 'acme-office' };
      const saved = await jobs.save(jobs.create({ id: 'saved', title: 'saved', ...office }));
      expect(saved.tenantId).toBe(acme.id);
      await jobs.insert({ id: 'inserted', title: 'inserted', ...office });
      expect((await jobs.findOneByOrFail({ id: 'inserted' })).tenantId).toBe(acme.id);
      for (const tenantId of [globex.id, '', null as never, (() => "'t_globex'") as never]) {
        await expect(jobs.insert({ id: 'x', title: 'x', tenantId, ...office })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
      }
    });
    expect(await db.rowsOf(globex)).toEqual(before[1]);
  });

  it('T5: take and skip with joins keep their parameters', () =>
    interleaved(async (own) => {
      const page = await jobs.find({
        relations: { tags: true },
        where: { title: `${own} title 1` },
        order: { id: 'ASC' },
        take: 1,
      });
      expect(page.map(({ id, tags }) => [id, ids(tags)])).toEqual([[`${own}-job-1`, [`${own}-tag-1`]]]);
      const builder = jobs.createQueryBuilder('j').leftJoinAndSelect('j.tags', 't', 't.label <> :not', { not: 'x' });
      const [rows, count] = await builder
        .where('j.salary > :least', { least: 1 })
        .orderBy('j.id')
        .skip(1)
        .take(5)
        .getManyAndCount();
      expect([ids(rows), count]).toEqual([[`${own}-job-3`], 2]);
    }));

  it('T6: every alias is scoped', () =>
    interleaved(async (own) => {
      const rows = await source
        .createQueryBuilder()
        .select('j.id', 'id')
        .addSelect('o.id', 'office')
        .from(Job, 'j')
        .addFrom(Office, 'o')
        .getRawMany();
      expect(rows).toHaveLength(3);
      expect(rows.every((row) => row.office === `${own}-office`)).toBe(true);
      const joined = await jobs
        .createQueryBuilder('j')
        .select('other.id', 'id')
        .innerJoin(Job, 'other', '1 = 1 OR 1 = 1')
        .getRawMany();
      expect(new Set(joined.map(({ id }) => id))).toEqual(new Set(three(own)));
    }));

  it('T7: raw sub-queries, tables and common table expressions are refused; conditions are closed; built sub-queries work', async () => {
    await interleaved(async (own, other) => {
      const builder = () => jobs.createQueryBuilder('j');
      const hostile = [
        () => builder().where('j.id IN (SELECT "id" FROM "job")').getMany(),
        () => builder().where('1 = 1) OR (1 = 1').getMany(),
        () => builder().where('1 = 1 -- ').getMany(),
        () => builder().where('1 = 1 /* ').getMany(),
        () => builder().where("j.id = 'x").getMany(),
        () => builder().select('(SELECT COUNT(*) FROM "job")', 'n').getRawOne(),
        () => builder().leftJoin('sqlite_master', 'raw', '1 = 1').getMany(),
        () => builder().leftJoin('(SELECT * FROM "job")', 'raw', '1 = 1').getMany(),
        () => builder().leftJoin('j.office', 'o', '1 = 1) OR (1 = 1').getMany(),
        () => builder().orderBy('(SELECT 1)').getMany(),
        () => source.createQueryBuilder().select('*').from('job_unknown', 'raw').getRawMany(),
        () => source.createQueryBuilder().select('*').from('(SELECT * FROM "job")', 'raw').getRawMany(),
        () => builder().addCommonTableExpression('SELECT * FROM "job"', 'c').addFrom('c', 'c').getMany(),
        () =>
          source
            .createQueryBuilder()
            .update(Job)
            .set({ title: () => '(SELECT "label" FROM "tag" LIMIT 1)' })
            .execute(),
        () => builder().where("j.id = E'\\'' || (SELECT 'x' FROM \"job\" LIMIT 1) || ''").getMany(),
        () => builder().where("j.id = E'\\') OR (1 = 1 OR j.id = '").getMany(),
        () => builder().select("query_to_xml('SELECT * FROM job', true, true, '')", 'all').getRawMany(),
        () => builder().having('1 = 1 UNION TABLE "job"').getRawMany(),
        () => jobs.find({ where: { id: Raw((id) => `${id} IN (SELECT "id" FROM "job")`) } }),
        () =>
          jobs
            .createQueryBuilder()
            .update()
            .set({ title: () => 'o.a FROM tag o(a, b, c)' })
            .execute(),
        () => source.createQueryBuilder().delete().from(Job).where('1 = 1) OR (1 = 1').execute(),
      ];
      for (const query of hostile)
        await expect(query(), String(query)).rejects.toMatchObject({ code: expect.stringMatching(/^scope_refused$/) });
      const sub = builder();
      sub.where(`j.id IN ${sub.subQuery().select('inner.id').from(Job, 'inner').getQuery()}`);
      expect(ids(await sub.getMany())).toEqual(three(own));
      expect(
        ids(
          await builder()
            .where('j.id = :id OR 1 = 1', { id: `${other}-job-1` })
            .getMany(),
        ),
      ).toEqual(three(own));
      expect(ids(await builder().setParameter('tenancyTenantId', `t_${other}`).getMany())).toEqual(three(own));
      expect(ids(await jobs.find({ where: { id: Raw(() => '1 = 1) OR (1 = 1') } }))).toEqual(three(own));
    });
    await untouched();
  });

  it('T8: links, references and relation builders stay within the tenant', async () => {
    await as(async () => {
      const unavailable = { code: 'tenant_row_unavailable' };
      const tagsOf = (id: string) => source.createQueryBuilder().relation(Job, 'tags').of(id);
      await expect(tagsOf('acme-job-1').add('globex-tag-1')).rejects.toMatchObject(unavailable);
      await expect(tagsOf('globex-job-1').add('acme-tag-1')).rejects.toMatchObject(unavailable);
      await tagsOf('globex-job-1').remove('globex-tag-1');
      for (const officeId of ['globex-office', 'nobody']) {
        await expect(jobs.update({ id: 'acme-job-1' }, { officeId })).rejects.toMatchObject(unavailable);
        await expect(jobs.insert({ id: 'x', title: 'x', officeId })).rejects.toMatchObject(unavailable);
        await expect(
          jobs.save(jobs.create({ id: 'x', title: 'x', office: { id: officeId } as Office })),
        ).rejects.toMatchObject(unavailable);
      }
    });
    await untouched();
    await as(async () => {
      await source.createQueryBuilder().relation(Job, 'tags').of('acme-job-1').add('acme-tag-2');
      const job = await jobs.findOneOrFail({ where: { id: 'acme-job-1' }, relations: { tags: true } });
      expect(ids(job.tags)).toEqual(['acme-tag-1', 'acme-tag-2']);
    });
  });

  it('T9, T12: clear, raw queries and query runners are refused, and nothing runs without a tenant', async () => {
    await as(async () => {
      const runner = source.createQueryRunner();
      for (const query of [
        () => jobs.clear(),
        () => jobs.query('SELECT * FROM "job"'),
        () => source.query('DELETE FROM "job"'),
        () => source.manager.query('SELECT 1 + 1'),
        () => runner.query('SELECT * FROM "job"'),
        () => runner.clearTable('job'),
        () => source.synchronize(),
        () => source.dropDatabase(),
      ]) {
        await expect(query(), String(query)).rejects.toMatchObject(refused);
      }
      await runner.release();
    });
    for (const query of [
      () => jobs.find(),
      () => jobs.update({ id: 'acme-job-1' }, { title: 'x' }),
      () => jobs.insert({ id: 'x' }),
      () => source.query('SELECT 1 + 1'),
    ]) {
      await expect(query()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    }
    await untouched();
    await source.synchronize();
  });

  it('T11: the query result cache keeps tenants apart, under custom ids too', () =>
    interleaved(async (own) => {
      for (const cache of [60_000, { id: 'jobs', milliseconds: 60_000 }]) {
        for (let round = 0; round < 2; round += 1) expect(ids(await jobs.find({ cache }))).toEqual(three(own));
      }
      await source.queryResultCache?.remove(['jobs']);
    }));

  it('T13: relations of every kind of loading lead to own rows', () =>
    interleaved(async (own) => {
      for (const relationLoadStrategy of ['join', 'query'] as const) {
        const all = await jobs.find({
          relations: { office: true, tags: true },
          relationLoadStrategy,
          order: { id: 'ASC' },
        });
        expect(all.map(({ office, tags }) => [office?.id ?? null, ids(tags)])).toEqual([
          [`${own}-office`, [`${own}-tag-1`]],
          [`${own}-office`, []],
          [null, []],
        ]);
      }
      const withIds = await jobs.find({ loadRelationIds: { relations: ['tags'] }, order: { id: 'ASC' } });
      expect(withIds.map(({ tags }) => tags)).toEqual([[`${own}-tag-1`], [], []]);
      const offices = await source.getRepository(Office).find({ relations: { jobs: true } });
      expect(offices.map((office) => ids(office.jobs))).toEqual([[`${own}-job-1`, `${own}-job-2`]]);
      const tags = await source.createQueryBuilder().relation(Job, 'tags').of(`${own}-job-3`).loadMany();
      expect(tags).toEqual([]);
    }));

  it('T14: managers, transactions and withDeleted are scoped', () =>
    interleaved(async (own, other) => {
      expect(ids(await source.manager.find(Job, { withDeleted: true }))).toEqual(three(own));
      if (setting.database === 'SQLite') return; // One connection: transactions cannot be interleaved on it.
      await source.transaction(async (manager) => {
        expect(ids(await manager.getRepository(Job).find())).toEqual(three(own));
        await manager.update(Job, { id: `${other}-job-1` }, { title: 'x' });
        expect(await manager.getRepository(Tag).count()).toBe(2);
      });
    }));

  it('T15: no update moves a row to another tenant', async () => {
    await as(async () => {
      for (const tenantId of [globex.id, null as never, (() => "'t_globex'") as never]) {
        await expect(jobs.update({ id: 'acme-job-1' }, { tenantId })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
      }
      const job = await jobs.findOneByOrFail({ id: 'acme-job-1' });
      job.tenantId = globex.id;
      await expect(jobs.save(job)).rejects.toMatchObject({ code: 'tenant_conflict' });
    });
    await untouched();
  });

  it('T17: other data sources are not touched, and destroy undoes everything', async () => {
    const other = await openScopedDatabase(setting);
    const before = Object.getPrototypeOf(other.source.createQueryBuilder()).createSelectExpression;
    await other.stop();
    expect(await as(() => jobs.count())).toBe(3);
    expect(Object.getPrototypeOf(source.createQueryBuilder()).createSelectExpression).toBe(before);
  });

  it('T18: a transaction of one tenant, and SQL generated for it, are refused to another', async () => {
    const runner = source.createQueryRunner();
    const [sql, parameters] = await as(async () => jobs.createQueryBuilder('j').getQueryAndParameters());
    await expect(db.context.run(globex, () => runner.query(sql, parameters))).rejects.toMatchObject({
      code: 'query_tenant_changed',
    });
    expect(await as(() => runner.query(sql, parameters))).toHaveLength(3);
    await as(async () => {
      await runner.startTransaction();
      await runner.manager.find(Job);
    });
    await expect(db.context.run(globex, () => runner.manager.find(Job))).rejects.toMatchObject({
      code: 'query_tenant_changed',
    });
    await as(() => runner.rollbackTransaction());
    await runner.release();
  });

  it('T19: a required relation that leads to another tenant leaves its parent there', () =>
    interleaved(async (own) => {
      const all = await jobs.find({ relations: { office: true } });
      expect(ids(all)).toEqual(three(own));
      expect(all.filter(({ office }) => office === null)).toHaveLength(1);
      expect(await jobs.find({ where: { office: { city: 'acme city' } }, relations: { office: true } })).toHaveLength(
        own === 'acme' ? 2 : 0,
      );
    }));

  it('T20: what a builder prints is what it runs', () =>
    as(async () => {
      const builder = jobs.createQueryBuilder('j').where('j.salary > 1');
      const [sql, parameters] = builder.getQueryAndParameters();
      expect(sql).toContain('"j"."tenantId" = ');
      expect(sql).not.toContain('/*');
      expect(parameters).toEqual([acme.id]);
      expect(builder.getSql()).toBe(sql);
    }));
});

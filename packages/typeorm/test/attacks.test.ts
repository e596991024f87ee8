import { type Tenant, TenantContext } from '@tenancy/core';
import initSqlJs from 'sql.js';
import { type DataSource, EntitySchema, Equal, Not, Raw, type Repository, DataSource as Source } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
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

describe.each(settings)('attacks through the public API, TypeORM $version on $database', (setting) => {
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
  const as = <R>(work: () => Promise<R>): Promise<R> => db.context.run(acme, work);
  const three = [1, 2, 3].map((n) => `acme-job-${n}`);
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();
  const everyRefused = (attacks: readonly (() => Promise<unknown>)[]) =>
    as(async () => {
      for (const attack of attacks) await expect(attack(), String(attack)).rejects.toMatchObject(refused);
    });

  it('T6: an alias of one entity reads no table of another', async () => {
    const aimed = <B extends { expressionMap: { aliases: { tablePath?: string }[] } }>(builder: B) => {
      for (const alias of builder.expressionMap.aliases) alias.tablePath = source.getMetadata(Job).tablePath;
      return builder;
    };
    const tags = source.getRepository(Tag);
    const offices = source.getRepository(Office);
    await everyRefused([
      () => aimed(source.getRepository(Country).createQueryBuilder('c').select('*')).getRawMany(),
      () => aimed(tags.createQueryBuilder('t').select('*')).getRawMany(),
      () => aimed(offices.createQueryBuilder('o').select('o.id')).getRawMany(),
      () => aimed(source.createQueryBuilder().select('*').from(Tag, 't')).getRawMany(),
      () => aimed(source.createQueryBuilder().select('*').from(Tag, 't').addFrom(Office, 'o')).getRawMany(),
    ]);
    await untouched();
  });

  it('T7: a parameter that is a function puts no SQL into a statement', async () => {
    const id = () => "'x') OR (1 = 1";
    // TypeORM refuses them too, but where they are put in directly.
    const put = <B extends { expressionMap: { parameters: object } }>(builder: B) => {
      Object.assign(builder.expressionMap.parameters, { id });
      return builder;
    };
    await everyRefused([
      () => put(jobs.createQueryBuilder('j').where('j.id = :id')).getMany(),
      () => put(jobs.createQueryBuilder().delete().where('id = :id')).execute(),
      () => put(jobs.createQueryBuilder().update().set({ title: 'x' }).where('id = :id')).execute(),
    ]);
    await as(async () => {
      const find = () => jobs.find({ where: { id: Raw((column) => `${column} = :id`, { id }) } });
      await expect(find()).rejects.toThrow(/Function parameter/);
      await expect(jobs.find({ where: { id: id as never } })).rejects.toThrow(/Function parameter/);
    });
    await untouched();
  });

  it("the tenant's own parameter cannot be given another value, in any way of giving parameters", () =>
    as(async () => {
      const tenancyTenantId = 't_globex';
      const builders = [
        jobs.createQueryBuilder('j').where('1 = 1', { tenancyTenantId }),
        jobs.createQueryBuilder('j').setParameters({ tenancyTenantId }),
        jobs.createQueryBuilder('j').leftJoin('j.office', 'o', '1 = 1', { tenancyTenantId }),
        jobs.createQueryBuilder('j').having('1 = 1', { tenancyTenantId }).groupBy('j.id'),
      ];
      for (const builder of builders) {
        builder.expressionMap.parameters['tenancyTenantId'] = tenancyTenantId;
        expect(ids(await builder.select('j.id', 'id').getRawMany())).toEqual(three);
      }
      const outer = jobs.createQueryBuilder('j');
      const inner = source.createQueryBuilder(Job, 'i').select('i.id').where('1 = 1', { tenancyTenantId });
      outer.where(`j.id IN (${inner.getQuery()})`).setParameters(inner.getParameters());
      expect(ids(await outer.getMany())).toEqual(three);
      expect(
        ids(
          await source
            .createQueryBuilder()
            .select('s.id', 'id')
            .from((q) => q.select('i.id', 'id').from(Job, 'i'), 's')
            .getRawMany(),
        ),
      ).toEqual(three);
    }));

  it('T7: comments, dollar quotes and functions that run SQL hide nothing', async () => {
    const select = (sql: string) => jobs.createQueryBuilder('j').select(sql, 'x').getRawMany();
    await everyRefused([
      () => select('/* /* */ \' */ (SELECT COUNT(*) FROM "job") /* \' */'),
      () => select('/*! (SELECT COUNT(*) FROM job) */ 1'),
      () => select('/*M! (SELECT COUNT(*) FROM job) */ 1'),
      () => select(`$a1$'$a1$ || (SELECT MIN("title") FROM "job") || $a1$'$a1$`),
      () => select(`$é$'$é$ || (SELECT MIN("title") FROM "job") || $é$'$é$`),
      () => select(`ts_stat('SELECT to_tsvector("title") FROM job')`),
      () => select("pg_read_file('/etc/passwd')"),
      () => jobs.createQueryBuilder('j').where(`j.id = $a1$' OR ' = $a1$) OR ($a1$'$a1$ = ''`).getMany(),
    ]);
    await everyRefused([() => jobs.createQueryBuilder('j').comment('report */ OR 1 = 1 /*').getMany()]);
    expect(ids(await as(() => jobs.createQueryBuilder('j').comment('report').getMany()))).toEqual(three);
  });

  it('T4, T15: SQL that gives one column its value writes no other column, and no other row', async () => {
    const office = { officeId: 'acme-office' };
    await everyRefused([
      () => jobs.update({ id: 'acme-job-1' }, { title: () => `'x', "tenantId" = 't_globex'` }),
      () => jobs.update({ id: 'acme-job-1' }, { title: () => `'x' WHERE 1 = 1 OR ('x' = 'y')` }),
      () => jobs.insert({ id: 'x', ...office, title: () => `'x', 1, 'acme-office', NULL), ('t_globex', 'y', 'y'` }),
      () => jobs.insert({ id: () => `'x', 'x', 1, 'acme-office', NULL), ('t_globex', 'y'`, title: 'x', ...office }),
      () => jobs.insert({ id: 'x', title: () => `'x') ON CONFLICT DO NOTHING; --`, ...office }),
    ]);
    await untouched();
    await as(async () => {
      await jobs.update({ id: 'acme-job-1' }, { title: () => `COALESCE("title", 'a, b') || ', from'` });
      expect((await jobs.findOneByOrFail({ id: 'acme-job-1' })).title).toBe('acme title 1, from');
    });
  });

  it('T4: an insert of chosen columns is stamped too, and so is one with a tenant that is no text', async () => {
    await as(async () => {
      await source
        .createQueryBuilder()
        .insert()
        .into(Job, ['id', 'title', 'officeId'])
        .values({ id: 'chosen', title: 'x', officeId: 'acme-office' })
        .execute();
      expect(await jobs.findOneByOrFail({ id: 'chosen' })).toMatchObject({ tenantId: acme.id });
      const others = [['t_globex'], { toString: () => acme.id }, Equal(acme.id), Not(acme.id), 0, true, Symbol('x')];
      for (const tenantId of others) {
        const row = { id: 'x', title: 'x', officeId: 'acme-office', tenantId: tenantId as never };
        await expect(jobs.insert(row)).rejects.toMatchObject({ code: 'tenant_conflict' });
        await expect(jobs.save(jobs.create(row)), String(typeof tenantId)).rejects.toThrow();
        await expect(jobs.update({ id: 'acme-job-1' }, { tenantId: tenantId as never })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
      }
      await jobs.insert({ id: 'undefined', title: 'x', officeId: 'acme-office', tenantId: undefined as never });
      expect(await jobs.findOneByOrFail({ id: 'undefined' })).toMatchObject({ tenantId: acme.id });
    });
    expect(await db.rowsOf(globex)).toEqual(before[1]);
  });

  it('T8: SQL that was printed, and listeners, write no reference that was not looked up', async () => {
    const row = { id: 'x', title: 'x', officeId: 'globex-office' };
    await as(async () => {
      const runner = source.createQueryRunner();
      for (const builder of [
        jobs.createQueryBuilder().insert().values(row),
        jobs.createQueryBuilder().update().set({ officeId: 'globex-office' }).where({ id: 'acme-job-1' }),
      ]) {
        const [sql, parameters] = builder.getQueryAndParameters();
        await expect(runner.query(sql, parameters)).rejects.toMatchObject(refused);
      }
      await runner.release();
      const subscriber = {
        beforeInsert: ({ entity }: { entity: Job }) => void Object.assign(entity, { officeId: 'globex-office' }),
        listenTo: () => Job,
      };
      source.subscribers.push(subscriber as never);
      try {
        await expect(jobs.insert({ ...row, officeId: 'acme-office' })).rejects.toMatchObject(refused);
        await expect(jobs.save(jobs.create({ ...row, officeId: 'acme-office' }))).rejects.toMatchObject({
          code: 'tenant_row_unavailable',
        });
        subscriber.beforeInsert = ({ entity }) => void Object.assign(entity, { tenantId: 't_globex' });
        await expect(jobs.insert({ ...row, officeId: 'acme-office' })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
      } finally {
        source.subscribers.length = 0;
      }
    });
    await untouched();
  });

  it('other ways to a table or a connection lead nowhere else', async () => {
    await as(async () => {
      const runner = source.createQueryRunner();
      expect(ids(await runner.manager.find(Job))).toEqual(three);
      expect(ids(await runner.manager.withRepository(jobs).find())).toEqual(three);
      expect(ids(await source.manager.createQueryBuilder(Job, 'j', runner).getMany())).toEqual(three);
      expect(ids((await source.createQueryBuilder(runner).select('j').from(Job, 'j').getMany()) as Job[])).toEqual(
        three,
      );
      expect(ids(await jobs.createQueryBuilder('j', runner).setQueryRunner(runner).getMany())).toEqual(three);
      await runner.release();
      expect(ids((await source.createQueryBuilder().select('j').from('job', 'j').getMany()) as Job[])).toEqual(three);
      expect(
        ids(
          await jobs
            .createQueryBuilder('j')
            .setFindOptions({ where: [{ title: Not('') }, { id: 'globex-job-1' }] })
            .getMany(),
        ),
      ).toEqual(three);
      expect(await jobs.createQueryBuilder().relation('office').of('globex-job-1').loadOne()).toBeFalsy();
      expect(await jobs.createQueryBuilder().relation('tags').of('globex-job-1').loadMany()).toEqual([]);
      const mapped = await jobs
        .createQueryBuilder('j')
        .leftJoinAndMapMany('j.all', Tag, 't', '1 = 1')
        .leftJoinAndMapOne('j.other', Office, 'o', '1 = 1 OR 1 = 1')
        .getMany();
      expect(JSON.stringify(mapped)).not.toMatch(/t_globex|globex (?:title|label|city)/);
    });
    await everyRefused([
      () => source.createQueryBuilder().select('*').from('JOB', 'j').getRawMany(),
      () => source.createQueryBuilder().update('JOB').set({ title: 'x' }).execute(),
      () => source.createQueryBuilder().delete().from('JOB').execute(),
      () => source.createQueryBuilder().insert().into('JOB').values({ id: 'x' }).execute(),
      async () =>
        jobs
          .createQueryBuilder('j')
          .leftJoin((q) => q.select('*').from('JOB', 'x'), 'x', '1 = 1')
          .getMany(),
    ]);
    await untouched();
  });

  it('T6, T7: brackets, aliases and names that hide tables are refused', async () => {
    const table = (text: string) => source.createQueryBuilder().select('*').from(text, 'x').getRawMany();
    const generated = () => jobs.createQueryBuilder('i').select('i.id', 'id').getQuery();
    const inner = () => jobs.createQueryBuilder('i').select('i.id', 'id');
    await everyRefused([
      () => table('("job")'),
      () => table('("job" "a" CROSS JOIN "tag" "b")'),
      async () => table(`((${generated()}) "a" CROSS JOIN "job" "b")`),
      async () => table(`(${generated()}) "a" CROSS JOIN ("job")`),
      async () => jobs.createQueryBuilder('j').leftJoin('("job" "a" CROSS JOIN "tag" "b")', 'x', '1 = 1').getMany(),
      async () =>
        jobs.createQueryBuilder('j').leftJoin(`((${generated()}) "a" CROSS JOIN "job" "b")`, 'x', '1 = 1').getMany(),
      async () => jobs.createQueryBuilder('j" CROSS JOIN "job" "k').select('1', 'one').getRawMany(),
      async () => jobs.createQueryBuilder('j').select('1', 'one').innerJoin(Tag, 't" CROSS JOIN "job" "k').getRawMany(),
      async () =>
        source
          .createQueryBuilder()
          .addCommonTableExpression(inner(), 'public.job')
          .select('j.*')
          .from('public.job', 'j')
          .getRawMany(),
    ]);
    await as(async () => {
      const from = source.createQueryBuilder().select('x.id', 'id').from(`(${generated()})`, 'x');
      expect(ids(await from.setParameters(inner().getParameters()).getRawMany())).toEqual(three);
      const joined = jobs
        .createQueryBuilder('j')
        .innerJoin((q) => q.select('i.id', 'id').from(Job, 'i'), 'x', 'x.id = j.id');
      expect(ids(await joined.getMany())).toEqual(three);
      const common = source
        .createQueryBuilder()
        .addCommonTableExpression(inner(), 'own')
        .select('o.id', 'id')
        .from('own', 'o');
      expect(ids(await common.getRawMany())).toEqual(three);
    });
  });

  it('T18: SQL that was generated is sent with the parameters that it was generated with alone', async () => {
    await as(async () => {
      const runner = source.createQueryRunner();
      const [sql, parameters] = jobs.createQueryBuilder('j').getQueryAndParameters();
      expect(await runner.query(sql, parameters)).toHaveLength(3);
      parameters[parameters.indexOf(acme.id)] = globex.id;
      await expect(runner.query(sql, parameters)).rejects.toMatchObject(refused);
      await expect(runner.query(sql, [globex.id])).rejects.toMatchObject(refused);
      await runner.release();
    });
  });

  it('T6: a builder without its aliases is limited all the same', async () => {
    await as(async () => {
      const update = jobs.createQueryBuilder().update().set({ title: 'x' });
      update.expressionMap.aliases.length = 0;
      await update.execute();
      const remove = jobs.createQueryBuilder().delete();
      remove.expressionMap.aliases.length = 0;
      await remove.execute();
    });
    expect(await db.rowsOf(globex)).toEqual(before[1]);
  });

  it('T11: the cache of a scoped data source is not replaced by one that knows of no tenant', () => {
    expect(() => source.setOptions({ cache: true } as never)).toThrow(/scope_refused/);
  });
});

describe('entities whose tenant column says less than it seems', () => {
  const context = new TenantContext();
  const tenant: Tenant = { id: 't_acme', slug: 'acme' };
  const id = { type: String, primary: true } as const;
  type Options = ConstructorParameters<typeof EntitySchema>[0];
  const open = async (entities: readonly object[], options: object = {}) => {
    const schemas = entities.map((entity) => new EntitySchema(entity as Options));
    const source = new Source({ type: 'sqljs', driver: await initSqlJs(), entities: schemas } as never);
    return tenantScoped(source, { context, ...options }).initialize();
  };

  it.each([
    [
      'a transformer',
      { type: String, transformer: { to: (id: string) => id.toLowerCase(), from: (id: string) => id } },
    ],
    ['insert: false', { type: String, insert: false }],
  ])('%s', async (_name, tenantId) => {
    await expect(open([{ name: 'Job', columns: { id, tenantId } }])).rejects.toMatchObject({
      code: 'scope_misconfigured',
    });
  });

  it('another property in the same column', async () => {
    const columns = { id, tenantId: { type: String }, owner: { type: String, name: 'TENANTID' } };
    await expect(open([{ name: 'Job', columns }])).rejects.toMatchObject({ code: 'scope_misconfigured' });
  });

  it("a shared entity over a tenant's table", async () => {
    const job = { name: 'Job', columns: { id, tenantId: { type: String } } };
    await expect(
      open([job, { name: 'Report', tableName: 'job', columns: { id } }], { shared: ['Report'] }),
    ).rejects.toMatchObject({ code: 'scope_misconfigured' });
  });

  it('select: false and update: false work as before', async () => {
    const source = await open([
      { name: 'Job', columns: { id, tenantId: { type: String, select: false, update: false } } },
    ]);
    await source.synchronize();
    const jobs = source.getRepository('Job');
    for (const each of [tenant, { id: 't_globex', slug: 'globex' }]) {
      await context.run(each, async () => {
        await jobs.save({ id: each.slug });
        expect(await jobs.find()).toEqual([{ id: each.slug }]);
        await expect(jobs.update({ id: each.slug }, { tenantId: 'another' })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
      });
    }
    await source.destroy();
  });

  it('a column of numbers takes ids that are written as one number alone', async () => {
    const source = await open([{ name: 'Job', columns: { id, tenantId: { type: Number } } }]);
    await source.synchronize();
    const jobs = source.getRepository('Job');
    const as = <R>(tenantId: string, work: () => Promise<R>) => context.run({ id: tenantId, slug: 'acme' }, work);
    for (const each of ['7', '8']) {
      await as(each, async () => {
        await jobs.insert([{ id: `${each}-1` }, { id: `${each}-2`, tenantId: Number(each) }]);
        await expect(jobs.insert({ id: 'x', tenantId: 9 })).rejects.toMatchObject({ code: 'tenant_conflict' });
        const [first] = await jobs.find({ order: { id: 'ASC' } });
        expect(first).toEqual({ id: `${each}-1`, tenantId: Number(each) });
        await jobs.save({ ...first });
        expect(await jobs.count()).toBe(2);
      });
    }
    for (const each of ['07', '7.0', ' 7', '7abc', '-7', '+7', '7e0', '0x7', 't_acme']) {
      await expect(
        as(each, () => jobs.find()),
        each,
      ).rejects.toMatchObject({ code: 'scope_refused' });
    }
    await source.destroy();
  });

  it('T15: a relation that is the tenant moves no row, however it is named', async () => {
    const source = await open(
      [
        { name: 'Tenant', columns: { id } },
        {
          name: 'Job',
          columns: { id, tenantId: { type: String, nullable: true } },
          relations: {
            tenant: { type: 'many-to-one', target: 'Tenant', joinColumn: { name: 'tenantId' }, nullable: true },
          },
        },
      ],
      { shared: ['Tenant'] },
    );
    await source.synchronize();
    await context.run(tenant, async () => {
      const jobs = source.getRepository('Job');
      for (const each of ['t_acme', 't_globex']) await source.getRepository('Tenant').insert({ id: each });
      await jobs.insert({ id: 'acme-1' });
      await jobs.insert({ id: 'acme-2', tenant: { id: 't_acme' } });
      for (const named of [{ id: 't_globex' }, 't_globex', null, {}]) {
        await expect(jobs.update({ id: 'acme-1' }, { tenant: named } as never)).rejects.toThrow(/tenant_conflict/);
        if (named !== null && named !== 't_globex')
          await expect(jobs.insert({ id: 'x', tenant: named } as never)).rejects.toThrow(/tenant_conflict/);
      }
      const relation = () => jobs.createQueryBuilder().relation('tenant').of('acme-1');
      await expect(relation().set('t_globex')).rejects.toThrow(/tenant_conflict/);
      await expect(relation().set(null)).rejects.toThrow(/tenant_conflict/);
      expect(await jobs.find({ order: { id: 'ASC' } })).toEqual([
        { id: 'acme-1', tenantId: 't_acme' },
        { id: 'acme-2', tenantId: 't_acme' },
      ]);
    });
    await source.destroy();
  });
});

import { type DataSource, In, type Repository } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isMariadbThere, MARIADB_MISSING } from './database/mariadb.js';
import {
  acme,
  globex,
  Job,
  mariadbSettings,
  Office,
  openScopedDatabase,
  type ScopedDatabase,
  Tag,
  tenants,
} from './database/scoped-database.js';

const refused = { code: 'scope_refused' };
const unavailable = { code: 'tenant_row_unavailable' };
const title = `TypeORM $version on MariaDB${isMariadbThere ? '' : `, where ${MARIADB_MISSING}`}`;

describe.skipIf(!isMariadbThere).each(mariadbSettings)(title, (setting) => {
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
  const interleaved = (work: (own: string, other: string) => Promise<unknown>) =>
    Promise.all(
      tenants
        .flatMap((tenant) => [tenant, tenant, tenant])
        .map((tenant) => db.context.run(tenant, () => work(tenant.slug, tenant === acme ? 'globex' : 'acme'))),
    );
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();
  const three = (own: string) => [1, 2, 3].map((n) => `${own}-job-${n}`);
  const job = (id: string) => ({ id, title: 'x', officeId: 'acme-office' });

  it('T5, T6, T13, T19: reads and relations lead to own rows, and parameters are right with take and joins', () =>
    interleaved(async (own, other) => {
      expect(ids(await jobs.find())).toEqual(three(own));
      expect(await jobs.findOneBy({ id: `${other}-job-1` })).toBeNull();
      const all = await jobs.find({ relations: { office: true, tags: true }, order: { id: 'ASC' }, take: 3 });
      expect(all.map(({ office, tags }) => [office?.id ?? null, ids(tags)])).toEqual([
        [`${own}-office`, [`${own}-tag-1`]],
        [`${own}-office`, []],
        [null, []],
      ]);
      const page = jobs.createQueryBuilder('j').leftJoinAndSelect('j.tags', 't', 't.label <> :not', { not: 'x' });
      expect(
        await page.where('j.salary > :least', { least: 1 }).skip(1).take(5).orderBy('j.id').getManyAndCount(),
      ).toMatchObject([[{ id: `${own}-job-3`, tags: [] }], 2]);
      const two = source.createQueryBuilder().select('j.id', 'id').from(Job, 'j').addFrom(Tag, 't');
      expect(await two.getRawMany()).toHaveLength(6);
    }));

  it('T1: a key that is taken is told apart also inside a transaction', async () => {
    await as(async () => {
      await expect(jobs.save(jobs.create(job('globex-job-1')))).rejects.toMatchObject(unavailable);
      await expect(jobs.insert(job('globex-job-1'))).rejects.toMatchObject(unavailable);
      await expect(jobs.insert(job('acme-job-1'))).rejects.toMatchObject({ name: 'QueryFailedError' });
      for (const [id, error] of [
        ['globex-job-1', unavailable],
        ['acme-job-1', { name: 'QueryFailedError' }],
      ] as const) {
        await expect(source.transaction((manager) => manager.insert(Job, job(id)))).rejects.toMatchObject(error);
      }
    });
    await untouched();
  });

  it('T2: what changes rows reaches own rows alone', async () => {
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
    await as(() => jobs.createQueryBuilder().delete().where('1 = 1 OR 1 = 1').execute());
    expect((await db.rowsOf(acme))[0]).toEqual([]);
    expect(await db.rowsOf(globex)).toEqual(before[1]);
  });

  it("T3: orIgnore fails at another's row", async () => {
    const offices = source.getRepository(Office);
    const ignore = (...rows: { id: string; city: string }[]) =>
      offices.createQueryBuilder().insert().values(rows).orIgnore().execute();
    await as(async () => {
      const taken = { id: 'globex-office', city: 'taken' };
      await expect(ignore(taken)).rejects.toMatchObject(unavailable);
      await expect(ignore({ id: 'fresh', city: 'fresh' }, taken)).rejects.toMatchObject(unavailable);
      await ignore({ id: 'acme-office', city: 'ignored' });
    });
    await untouched();
  });

  it('T7: what MariaDB reads as comments, or as the rest of a text, hides nothing', async () => {
    await as(async () => {
      const where = (sql: string) => jobs.createQueryBuilder('j').where(sql).orderBy('j.id').getMany();
      for (const attack of [
        () => where('1 = 1 # '),
        () => where('1 = 1 # (\n) OR (1 = 1 # )'),
        () => where("j.id = 'x\\' OR 1 = 1 OR ' = '"),
        () => where('j.id = "x\\" OR 1 = 1 OR " = "'),
        () => where('j.id IN (SELECT `id` FROM `job`)'),
        () => jobs.createQueryBuilder('j').select('/*! (SELECT COUNT(*) FROM `job`) */', 'n').getRawMany(),
        () => jobs.createQueryBuilder('j').select('/*M!100100 (SELECT COUNT(*) FROM `job`) */ 1', 'n').getRawMany(),
        () => jobs.createQueryBuilder('j').select('1 # ', 'n').getRawMany(),
      ]) {
        await expect(attack(), String(attack)).rejects.toMatchObject(refused);
      }
      expect(ids(await where("j.title <> '#'"))).toEqual(three('acme'));
    });
  });

  it("T8, T15: references and the tenant of a row stay the tenant's own", async () => {
    await as(async () => {
      await expect(jobs.update({ id: 'acme-job-1' }, { officeId: 'globex-office' })).rejects.toMatchObject(unavailable);
      const tags = source.createQueryBuilder().relation(Job, 'tags');
      await expect(tags.of('acme-job-1').add('globex-tag-1')).rejects.toMatchObject(unavailable);
      await expect(jobs.update({ id: 'acme-job-1' }, { tenantId: globex.id })).rejects.toMatchObject({
        code: 'tenant_conflict',
      });
    });
    await untouched();
  });

  it("T12, T14: raw SQL is refused, and transactions are the tenant's", () =>
    interleaved(async (own, other) => {
      await expect(source.query('SELECT * FROM job')).rejects.toMatchObject(refused);
      await source.transaction('READ COMMITTED', async (manager) => {
        expect(ids(await manager.find(Job))).toEqual(three(own));
        expect(await manager.findOneBy(Job, { id: `${other}-job-1` })).toBeNull();
      });
    }));

  it('T20: locks are of own rows', async () => {
    for (const tenant of tenants) {
      await db.context.run(tenant, () =>
        source.transaction(async (manager) => {
          const locked = manager.createQueryBuilder(Job, 'j').setLock('pessimistic_write').where('1 = 1 OR 1 = 1');
          expect(ids(await locked.getMany())).toEqual(three(tenant.slug));
        }),
      );
    }
  });

  it("ids that MariaDB might take for another's are refused", async () => {
    for (const id of ['T_acme', 't_acmé', 't_acme ']) {
      await expect(db.context.run({ id, slug: 'other' }, () => jobs.find())).rejects.toMatchObject(refused);
    }
  });
});

import { isTenancyError } from '@tenancy/core';
import type { DataSource, Repository } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  acme,
  type FloorDatabase,
  globex,
  Job,
  Office,
  openFloorDatabase,
  versions,
} from './database/floor-database.js';

const own = (slug: string) => [1, 2, 3].map((n) => `${slug}-job-${n}`);
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort();

describe.each(versions)('TypeORM $version on a tenant pool', (typeorm) => {
  let db: FloorDatabase;
  let source: DataSource;
  let jobs: Repository<Job>;
  beforeAll(async () => {
    db = await openFloorDatabase(typeorm);
    source = await db.open({ poolSize: 4 });
    jobs = source.getRepository(Job);
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  const asAcme = <R>(work: () => Promise<R>): Promise<R> => db.context.run(acme, work);
  const job = (id: string, more = {}) => jobs.create({ id, title: id, ...more });

  it('finds its own rows alone, without a condition: find, builder, relations, counts and raw SQL', () =>
    asAcme(async () => {
      expect(idsOf(await jobs.find())).toEqual(own('acme'));
      expect(await jobs.findOneBy({ id: 'globex-job-1' })).toBeNull();
      expect(await jobs.count()).toBe(3);
      expect(await jobs.findOne({ where: { id: 'acme-job-1' }, relations: { office: true } })).toMatchObject({
        office: { city: 'acme city' },
      });
      const [office, ...others] = await source.getRepository(Office).find({
        relations: { jobs: true },
        relationLoadStrategy: 'query',
      });
      expect([idsOf(office?.jobs ?? []), others]).toEqual([own('acme'), []]);
      const builder = jobs.createQueryBuilder('job').leftJoinAndSelect('job.office', 'office').where('1 = 1 OR true');
      expect(idsOf(await builder.getMany())).toEqual(own('acme'));
      expect(idsOf(await source.query('select id from job'))).toEqual(own('acme'));
    }));

  it('writes its own rows alone: save, insert, update, delete, upsert and raw SQL', async () => {
    const others = await db.rowsOf(globex);
    await asAcme(async () => {
      await jobs.save(job('saved'));
      await jobs.insert(job('inserted'));
      await jobs.upsert(job('upserted'), ['id']);
      expect((await db.rowsOf(acme)).map(({ id }) => id)).toEqual([...own('acme'), 'inserted', 'saved', 'upserted']);
      expect((await jobs.update({ id: 'globex-job-1' }, { salary: 1 })).affected).toBe(0);
      expect((await jobs.createQueryBuilder().update().set({ salary: 5 }).execute()).affected).toBe(6);
      expect((await jobs.delete({ id: 'globex-job-1' })).affected).toBe(0);
      expect(await source.query('update job set salary = 6')).toEqual([[], 6]);
      await jobs.remove(await jobs.findBy({ id: 'saved' }));
      // T1: the load by key finds nothing, so TypeORM inserts, and the key is taken.
      await expect(jobs.save(job('globex-job-1'))).rejects.toMatchObject({ code: '23505' });
      // T3
      await expect(jobs.upsert(job('globex-job-1', { salary: 9 }), ['id'])).rejects.toThrow(/row-level security/);
      await expect(source.query(`insert into job values ('${globex.id}', 'x', 'x')`)).rejects.toThrow(
        /row-level security/,
      );
      expect((await jobs.createQueryBuilder().delete().execute()).affected).toBe(5);
    });
    expect(await db.rowsOf(globex)).toEqual(others);
    expect(await db.rowsOf(acme)).toEqual([]);
  });

  it('T9: refuses `clear`, which would empty the table of every tenant', async () => {
    await expect(asAcme(() => jobs.clear())).rejects.toThrow(/statement_refused.*TRUNCATE/);
    expect(await db.rowsOf(globex)).toHaveLength(3);
  });

  it('T12: refuses every query without a tenant', async () => {
    const refused = { driverError: expect.toSatisfy((error) => isTenancyError(error, 'tenant_context_missing')) };
    await expect(jobs.find()).rejects.toMatchObject(refused);
    await expect(source.query('delete from job')).rejects.toMatchObject(refused);
    await expect(source.transaction((manager) => manager.find(Job))).rejects.toMatchObject(refused);
    expect(await db.rowsOf(acme)).toHaveLength(3);
  });

  it('commits, rolls back, and nests transactions, at any isolation level', () =>
    asAcme(async () => {
      await source.transaction('SERIALIZABLE', async (manager) => {
        expect(await manager.query('show transaction_isolation')).toEqual([{ transaction_isolation: 'serializable' }]);
        await manager.save(job('outer'));
        const inner = manager.transaction(async (nested) => {
          await nested.save(job('inner'));
          expect(await nested.count(Job)).toBe(5);
          throw new Error('changed my mind');
        });
        await expect(inner).rejects.toThrow('changed my mind');
        expect(idsOf(await manager.find(Job))).toEqual([...own('acme'), 'outer']);
      });
      const failing = source.transaction(async (manager) => {
        await manager.save(job('undone'));
        await manager.query('select 1/0');
      });
      await expect(failing).rejects.toThrow(/division by zero/);
      expect(idsOf(await jobs.find())).toEqual([...own('acme'), 'outer']);
    }));

  it('streams its own rows alone', () =>
    asAcme(async () => {
      const found: string[] = [];
      for await (const row of await jobs.createQueryBuilder('job').stream()) {
        found.push(String((row as { readonly job_id: unknown }).job_id));
      }
      expect(found.sort()).toEqual(own('acme'));
    }));

  it("T18: a query runner is its tenant's for as long as it is kept, and refuses another", async () => {
    const runner = source.createQueryRunner();
    await asAcme(async () => {
      await runner.startTransaction();
      await runner.query(`insert into job (id, title) values ('kept', 'kept')`);
    });
    const switched = { driverError: expect.toSatisfy((error) => isTenancyError(error, 'tenant_switch_refused')) };
    await db.context.run(globex, async () => {
      await expect(runner.query('select * from job')).rejects.toMatchObject(switched);
      await expect(runner.manager.find(Job)).rejects.toMatchObject(switched);
    });
    await asAcme(async () => {
      expect(await runner.manager.count(Job)).toBe(4);
      await runner.commitTransaction();
      await runner.release();
    });
    expect(await db.rowsOf(acme)).toHaveLength(4);
  });

  it("T18: parallel queries on one manager are all its tenant's", () =>
    asAcme(() =>
      source.transaction(async (manager) => {
        const answers = await Promise.all(Array.from({ length: 20 }, () => manager.find(Job)));
        for (const rows of answers) expect(idsOf(rows)).toEqual(own('acme'));
      }),
    ));
});

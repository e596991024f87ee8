import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  acme,
  globex,
  Job,
  Office,
  openScopedDatabase,
  type ScopedDatabase,
  settings,
  tenants,
} from './database/scoped-database.js';

const unavailable = { name: 'TenantScopeError', code: 'tenant_row_unavailable' };
const violation = { name: 'QueryFailedError' };

describe.each(settings)('unique keys that are taken, TypeORM $version on $database', (setting) => {
  let db: ScopedDatabase;
  let source: DataSource;
  let before: unknown[];
  const isSqlite = setting.database === 'SQLite';
  beforeAll(async () => {
    db = await openScopedDatabase(setting);
    source = db.source;
  });
  beforeEach(async () => {
    await db.seed();
    before = await Promise.all(tenants.map(db.rowsOf));
  });
  afterAll(() => db.stop());
  const untouched = async () => expect(await Promise.all(tenants.map(db.rowsOf))).toEqual(before);
  const as = <R>(work: () => Promise<R>): Promise<R> => db.context.run(acme, work);
  const job = (id: string, title = 'x') => ({ id, title, officeId: 'acme-office' });

  it("T1: save and insert of a key that another tenant's row has are a typed error, with what the caller sent as its cause", async () => {
    await as(async () => {
      const jobs = source.getRepository(Job);
      const error = await jobs.save(jobs.create(job('globex-job-1', 'mine'))).catch((reason: unknown) => reason);
      expect(error).toMatchObject(unavailable);
      expect(String(error)).not.toMatch(/globex/);
      expect(JSON.stringify((error as Error).cause)).not.toMatch(/t_globex|globex title/);
      await expect(jobs.insert(job('globex-job-1'))).rejects.toMatchObject(unavailable);
      await expect(jobs.insert([job('fresh'), job('globex-job-1')])).rejects.toMatchObject(unavailable);
      await expect(source.transaction((manager) => manager.save(Job, job('globex-job-1')))).rejects.toMatchObject(
        unavailable,
      );
    });
    await untouched();
  });

  it("T1: a key that an own row has is the database's own error", async () => {
    await as(async () => {
      const jobs = source.getRepository(Job);
      await expect(jobs.insert(job('acme-job-1'))).rejects.toMatchObject(violation);
      await expect(jobs.insert([job('twice'), job('twice')])).rejects.toMatchObject(violation);
      await jobs.softDelete({ id: 'acme-job-2' });
      await expect(jobs.insert(job('acme-job-2'))).rejects.toMatchObject(violation);
      await jobs.restore({ id: 'acme-job-2' });
      await expect(source.transaction((manager) => manager.insert(Job, job('acme-job-1')))).rejects.toMatchObject(
        violation,
      );
      const offices = source.getRepository(Office);
      await expect(offices.save({ id: 'second', city: 'acme city' })).rejects.toMatchObject(violation);
      // Whose row it is is asked of own rows; PostgreSQL answers nothing more in this transaction.
      await expect(source.transaction((manager) => manager.insert(Job, job('globex-job-1')))).rejects.toMatchObject(
        isSqlite ? unavailable : violation,
      );
    });
    await untouched();
  });

  it("T3: an upsert whose conflict target has no tenant overwrites own rows, and fails whole at another's", async () => {
    const offices = source.getRepository(Office);
    await as(async () => {
      const taken = { id: 'globex-office', city: 'taken' };
      const own = { id: 'acme-office', city: 'moved' };
      for (const rows of [[taken], [own, taken], [taken, own], [{ id: 'fresh', city: 'fresh' }, taken]]) {
        await expect(offices.upsert(rows, ['id'])).rejects.toMatchObject(unavailable);
        await expect(
          source.createQueryBuilder().insert().into(Office).values(rows).orUpdate(['city'], ['id']).execute(),
        ).rejects.toMatchObject(unavailable);
        await expect(source.transaction((manager) => manager.upsert(Office, rows, ['id']))).rejects.toMatchObject(
          unavailable,
        );
      }
    });
    await untouched();
    await Promise.all(
      tenants.map(({ slug }, n) =>
        db.context.run(tenants[n] as typeof acme, async () => {
          await offices.upsert(
            [
              { id: `${slug}-office`, city: `${slug} moved` },
              { id: `${slug}-second`, city: `${slug} second` },
            ].slice(0, isSqlite ? 1 : 2),
            ['id'],
          );
          expect((await offices.find({ order: { id: 'ASC' } })).map(({ city }) => city)).toEqual(
            [`${slug} moved`, `${slug} second`].slice(0, isSqlite ? 1 : 2),
          );
        }),
      ),
    );
  });

  it("T3: in the caller's transaction, a refused upsert leaves what came before it", async () => {
    await as(() =>
      source.transaction(async (manager) => {
        await manager.update(Office, { id: 'acme-office' }, { city: 'before' });
        const rows = [
          { id: 'fresh', city: 'fresh' },
          { id: 'globex-office', city: 'taken' },
        ];
        await expect(manager.upsert(Office, rows, ['id'])).rejects.toMatchObject(unavailable);
        expect((await manager.find(Office)).map(({ id, city }) => [id, city])).toEqual([['acme-office', 'before']]);
      }),
    );
    expect(await db.rowsOf(globex)).toEqual(before[1]);
  });

  it('T3: an upsert keeps conditions of its own, which cannot widen it', async () => {
    if (isSqlite) return; // TypeORM has no such conditions there.
    const upsert = (city: string, id: string, where: string) =>
      source
        .createQueryBuilder()
        .insert()
        .into(Office)
        .values({ id, city })
        .orUpdate(['city'], ['id'], { overwriteCondition: { where } })
        .execute();
    await as(async () => {
      await upsert('kept', 'acme-office', '1 = 0');
      expect(await source.getRepository(Office).findOneBy({ id: 'acme-office' })).toMatchObject({ city: 'acme city' });
      await expect(upsert('taken', 'globex-office', '1 = 1 OR 1 = 1')).rejects.toMatchObject(unavailable);
      await expect(upsert('taken', 'globex-office', '1 = 1) OR (1 = 1')).rejects.toMatchObject({
        code: 'scope_refused',
      });
      for (let round = 0; round < 2; round += 1) {
        await source
          .getRepository(Office)
          .upsert(
            { id: 'acme-office', city: 'acme city' },
            { conflictPaths: ['id'], skipUpdateIfNoValuesChanged: true },
          );
      }
    });
    await untouched();
  });

  it("T3: orIgnore leaves out rows that own ones are in the way of, and fails at another's", async () => {
    const ignore = (...rows: { id: string; city: string }[]) =>
      source.createQueryBuilder().insert().into(Office).values(rows).orIgnore().execute();
    await as(async () => {
      await ignore({ id: 'acme-office', city: 'ignored' });
      await ignore({ id: 'second', city: 'acme city' }, { id: 'acme-office', city: 'ignored' });
      const taken = { id: 'globex-office', city: 'taken' };
      await expect(ignore(taken)).rejects.toMatchObject(unavailable);
      await expect(ignore({ id: 'fresh', city: 'fresh' }, taken)).rejects.toMatchObject(unavailable);
    });
    await untouched();
    await as(() => ignore({ id: 'fresh', city: 'fresh' }));
    expect(await as(() => source.getRepository(Office).countBy({ id: 'fresh', tenantId: acme.id }))).toBe(1);
  });

  it('T3: what an upsert says in raw SQL is looked at', async () => {
    const insert = () =>
      source.createQueryBuilder().insert().into(Job).values(job('acme-job-1')) as unknown as Record<
        string,
        (...args: unknown[]) => { execute(): Promise<unknown>; setParameter(name: string, value: string): never }
      > & { execute(): Promise<unknown>; setParameter(name: string, value: string): { execute(): Promise<unknown> } };
    const hostile: (() => Promise<unknown>)[] = [
      () => insert()['orUpdate']?.(['title" = \'x\', "tenantId" = \'t_globex\', "title'], ['id']).execute() as never,
      () => insert()['orUpdate']?.(['title'], ['id") DO UPDATE SET "tenantId" = \'t_globex\' --']).execute() as never,
      () => insert()['orUpdate']?.(['title'], ['id'], { indexPredicate: '1 = 1' }).execute() as never,
      () =>
        insert()
          ['orUpdate']?.(['title'], ['tenantId', 'id'], {
            indexPredicate: '1=1) DO UPDATE SET "tenantId" = \'t_globex\' WHERE (1=1',
          })
          .execute() as never,
      () => insert()['orUpdate']?.(['title'], 'some_constraint').execute() as never,
    ];
    if (setting.version === '0.3') {
      const set = { columns: ['tenantId'], conflict_target: ['tenantId', 'id'] };
      hostile.push(
        () => insert()['onConflict']?.('("id") DO UPDATE SET "title" = EXCLUDED."title"').execute() as never,
        () => {
          const builder = insert();
          builder['orUpdate']?.(set);
          return builder.setParameter('tenantId', 't_globex').execute();
        },
        () => {
          const builder = insert();
          builder['orUpdate']?.({ ...set, columns: ['officeId'] });
          return builder.setParameter('officeId', 'globex-office').execute();
        },
      );
    }
    await as(async () => {
      for (const each of hostile) await expect(each(), String(each)).rejects.toMatchObject({ code: 'scope_refused' });
    });
    await untouched();
  });
});

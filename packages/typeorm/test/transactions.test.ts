import type { QueryRunner } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { acme, context, id, settings, tenantId, text, withEntities } from './database/own-entities.js';

const ended = { code: 'scope_refused', message: expect.stringContaining('the transaction that it began in had ended') };
const office = { type: 'many-to-one', target: 'Office', joinColumn: { name: 'officeId' }, nullable: true };
const entities = [
  { name: 'Office', columns: { id, tenantId } },
  {
    name: 'Job',
    columns: { id, tenantId, title: { ...text, nullable: true }, officeId: { ...text, nullable: true } },
    relations: { office },
  },
];
const settled = (works: readonly Promise<unknown>[]) => Promise.allSettled(works);

describe.each(settings)('writes that wait for look-ups, TypeORM $version on $database', (setting) => {
  it('an update that waited for a look-up is not sent once an error has rolled their transaction back', () =>
    withEntities(setting, entities, async (source, outside) => {
      await context.run(acme, async () => {
        await source.getRepository('Office').insert({ id: 'office' });
        await source.getRepository('Job').insert([{ id: 'one' }, { id: 'two' }]);
        let waiting: Promise<unknown>[] = [];
        const work = source.transaction(async (manager) => {
          waiting = [
            manager.update('Job', { id: 'one' }, { officeId: 'office' }),
            manager.insert('Job', { id: 'new', officeId: 'office' }),
            // TypeORM refuses it at once.
            manager.find('Job', { where: { nothing: 1 } as never }),
          ];
          await Promise.all(waiting);
        });
        const all = settled([work]).then(([first]) => settled(waiting).then((others) => [first, ...others]));
        expect(await all).toMatchObject([
          { reason: { name: 'EntityPropertyNotFoundError' } },
          { reason: ended },
          { reason: ended },
          { reason: { name: 'EntityPropertyNotFoundError' } },
        ]);
      });
      expect(await outside(`SELECT "id", "officeId" FROM "job" ORDER BY "id"`)).toEqual([
        { id: 'one', officeId: null },
        { id: 'two', officeId: null },
      ]);
    }));

  it('an upsert that waited for a look-up begins no transaction of its own after that', () =>
    withEntities(setting, entities, async (source, outside) => {
      await context.run(acme, async () => {
        await source.getRepository('Office').insert({ id: 'office' });
        let upsert: Promise<unknown> = Promise.resolve();
        const work = source.transaction(async (manager) => {
          const rows = ['one', 'two'].map((each) => ({ id: each, officeId: 'office' }));
          upsert = manager.upsert('Job', rows, ['id']);
          upsert.catch(() => {});
          throw new Error('undo');
        });
        await expect(work).rejects.toThrow('undo');
        await expect(upsert).rejects.toThrow();
      });
      expect(await outside(`SELECT "id" FROM "job"`)).toEqual([]);
    }));

  it('nor is a write sent into the transaction around a savepoint that was rolled back, or into the next one', () =>
    withEntities(setting, entities, async (source, outside) => {
      await context.run(acme, async () => {
        await source.getRepository('Office').insert({ id: 'office' });
        const runner: QueryRunner = source.createQueryRunner();
        const { manager } = runner;
        const row = (of: string) => ({ id: of, officeId: 'office' });
        try {
          await runner.startTransaction();
          await runner.startTransaction();
          const nested = settled([manager.insert('Job', row('nested'))]);
          await runner.rollbackTransaction();
          expect(await nested).toMatchObject([{ reason: ended }]);
          await runner.startTransaction();
          const released = settled([manager.insert('Job', row('released'))]);
          await runner.commitTransaction();
          expect(await released).toMatchObject([{ status: 'fulfilled' }]);
          const outer = settled([manager.insert('Job', row('outer'))]);
          await runner.commitTransaction();
          await runner.startTransaction();
          expect(await outer).toMatchObject([{ reason: ended }]);
          await manager.insert('Job', row('next'));
          await runner.commitTransaction();
          await manager.insert('Job', row('without'));
        } finally {
          await runner.release();
        }
      });
      expect(await outside(`SELECT "id" FROM "job" ORDER BY "id"`)).toEqual([
        { id: 'next' },
        { id: 'released' },
        { id: 'without' },
      ]);
    }));
});

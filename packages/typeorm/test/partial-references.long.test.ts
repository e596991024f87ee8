import { describe, expect, it } from 'vitest';
import { acme, context, globex, id, settings, tenantId, text, withEntities } from './database/own-entities.js';

const unavailable = { code: 'tenant_row_unavailable' };
const optional = { ...text, nullable: true };
const primary = { ...text, primary: true };

describe.each(settings)('keys that refer to rows by several columns, TypeORM $version on $database', (setting) => {
  const Place = { name: 'Place', columns: { region: primary, no: primary, tenantId } };
  const Job = {
    name: 'Job',
    columns: { id, tenantId, region: text, placeNo: optional },
    relations: {
      place: {
        type: 'many-to-one',
        target: 'Place',
        joinColumn: [
          { name: 'region', referencedColumnName: 'region' },
          { name: 'placeNo', referencedColumnName: 'no' },
        ],
      },
    },
  };
  const all = 'SELECT "id", "region", "placeNo" FROM "job" ORDER BY "id"';

  it("an update of one of them does not make a row refer to another tenant's", () =>
    withEntities(setting, [Place, Job], async (source, outside) => {
      const [places, jobs] = ['Place', 'Job'].map((name) => source.getRepository(name));
      await context.run(globex, () => places?.insert({ region: 'EU', no: 'theirs' }));
      await context.run(acme, async () => {
        await places?.insert([
          { region: 'EU', no: 'one' },
          { region: 'EU', no: 'two' },
          { region: 'US', no: 'one' },
        ]);
        await jobs?.insert([
          { id: 'a', region: 'EU', placeNo: 'one' },
          { id: 'b', region: 'EU' },
        ]);
        await expect(jobs?.update({ region: 'EU' }, { placeNo: 'theirs' })).rejects.toMatchObject(unavailable);
        await expect(jobs?.save({ id: 'a', placeNo: 'theirs' })).rejects.toMatchObject(unavailable);
        await source.transaction(async (manager) => {
          await manager.update('Job', 'b', { placeNo: 'two' });
          await manager
            .getRepository('Job')
            .update('a', { placeNo: 'theirs' })
            .catch((error: unknown) => expect(error).toMatchObject(unavailable));
        });
        expect(await outside(all)).toMatchObject([{ placeNo: 'one' }, { placeNo: 'two' }]);
        await jobs?.update('a', { region: 'US' });
        await jobs?.update('b', { placeNo: null });
      });
      expect(await outside(all)).toEqual([
        { id: 'a', region: 'US', placeNo: 'one' },
        { id: 'b', region: 'EU', placeNo: null },
      ]);
    }));

  it('two of one transaction at once are each all or nothing, and leave nothing open', () =>
    withEntities(setting, [Place, Job], async (source, outside) => {
      const [places, jobs] = ['Place', 'Job'].map((name) => source.getRepository(name));
      await context.run(globex, () => places?.insert({ region: 'EU', no: 'theirs' }));
      await context.run(acme, async () => {
        await places?.insert([
          { region: 'EU', no: 'one' },
          { region: 'EU', no: 'two' },
        ]);
        await jobs?.insert([
          { id: 'a', region: 'EU' },
          { id: 'b', region: 'EU' },
          { id: 'c', region: 'EU' },
        ]);
        await source.transaction(async (manager) => {
          const settled = await Promise.allSettled([
            manager.update('Job', 'a', { placeNo: 'one' }),
            manager.update('Job', 'b', { placeNo: 'theirs' }),
            manager.update('Job', 'c', { placeNo: 'two' }),
          ]);
          expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        });
        // The first to fail ends the transaction, while the others wait for their turn.
        const failing = source.transaction((manager) =>
          Promise.all(['a', 'b', 'c'].map((id) => manager.update('Job', id, { placeNo: 'theirs' }))),
        );
        await expect(failing).rejects.toMatchObject(unavailable);
        await jobs?.update('b', { placeNo: 'one' });
      });
      expect(await outside(all)).toMatchObject([{ placeNo: 'one' }, { placeNo: 'one' }, { placeNo: 'two' }]);
    }));

  it('a subscriber that writes meanwhile does not wait for the write that it listens to', () =>
    withEntities(setting, [Place, Job], async (source, outside) => {
      await context.run(acme, async () => {
        await source.getRepository('Place').insert({ region: 'EU', no: 'one' });
        await source.getRepository('Job').insert([
          { id: 'a', region: 'EU' },
          { id: 'b', region: 'EU' },
        ]);
        source.subscribers.push({
          async afterUpdate({ manager }) {
            source.subscribers.length = 0;
            await manager.update('Job', 'b', { placeNo: 'one' });
          },
        });
        await source.getRepository('Job').update('a', { placeNo: 'one' });
      });
      expect(await outside(all)).toMatchObject([{ placeNo: 'one' }, { placeNo: 'one' }]);
    }));

  it('nor does an upsert that overwrites one of them', () =>
    withEntities(setting, [Place, Job], async (source, outside) => {
      const [places, jobs] = ['Place', 'Job'].map((name) => source.getRepository(name));
      await context.run(globex, () => places?.insert({ region: 'EU', no: 'theirs' }));
      await context.run(acme, async () => {
        await places?.insert([
          { region: 'EU', no: 'one' },
          { region: 'US', no: 'theirs' },
        ]);
        await jobs?.insert({ id: 'a', region: 'EU', placeNo: 'one' });
        const upsert = jobs
          ?.createQueryBuilder()
          .insert()
          .values({ id: 'a', region: 'US', placeNo: 'theirs' })
          .orUpdate(['placeNo'], ['id']);
        await expect(upsert?.execute()).rejects.toMatchObject(unavailable);
      });
      expect(await outside(all)).toEqual([{ id: 'a', region: 'EU', placeNo: 'one' }]);
    }));

  it('a new row is stamped whose relation by the tenant and more is null', () =>
    withEntities(
      setting,
      [
        {
          name: 'Job',
          columns: { id: text, tenantId: primary, no: primary, parentNo: optional },
          relations: {
            parent: {
              type: 'many-to-one',
              target: 'Job',
              joinColumn: [
                { name: 'tenantId', referencedColumnName: 'tenantId' },
                { name: 'parentNo', referencedColumnName: 'no' },
              ],
            },
          },
        },
      ],
      async (source, outside) => {
        const jobs = source.getRepository('Job');
        const row = { id: 'a', no: 'one', parent: null };
        for (const tenant of [acme, globex]) await context.run(tenant, () => jobs.insert({ ...row }));
        await context.run(acme, () => jobs.save({ ...row, no: 'two' }));
        await expect(context.run(acme, () => jobs.update({ no: 'one' }, { parent: null }))).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
        expect(await outside('SELECT "tenantId", "no", "parentNo" FROM "job" ORDER BY "tenantId", "no"')).toEqual([
          { tenantId: acme.id, no: 'one', parentNo: null },
          { tenantId: acme.id, no: 'two', parentNo: null },
          { tenantId: globex.id, no: 'one', parentNo: null },
        ]);
      },
    ));
});

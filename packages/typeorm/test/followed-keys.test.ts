import { describe, expect, it } from 'vitest';
import { acme, context, globex, id, settings, tenantId, text, withEntities } from './database/own-entities.js';

const unavailable = { code: 'tenant_row_unavailable' };
const primary = { ...text, primary: true } as const;
const unique = { ...text, unique: true } as const;
const follows = (target: string, column: string) => ({
  type: 'many-to-one',
  target,
  joinColumn: { name: 'region', referencedColumnName: column },
  onUpdate: 'CASCADE',
});

const region = { name: 'Region', columns: { id, tenantId, code: unique, title: { ...text, nullable: true } } };
const area = {
  name: 'Area',
  columns: { id, tenantId, region: unique },
  relations: { follows: follows('Region', 'code') },
};
const place = { name: 'Place', columns: { region: primary, no: primary, tenantId } };
const jobOf = (target: string, column: string) => ({
  name: 'Job',
  columns: { id, tenantId, region: text, placeNo: text },
  relations: {
    follows: follows(target, column),
    place: {
      type: 'many-to-one',
      target: 'Place',
      joinColumn: [
        { name: 'region', referencedColumnName: 'region' },
        { name: 'placeNo', referencedColumnName: 'no' },
      ],
    },
  },
});

describe.each(settings)('T8: keys that follow the row that they refer to, TypeORM $version on $database', (setting) => {
  it.each([
    ['of that row', jobOf('Region', 'code')],
    ['of a row that follows it', jobOf('Area', 'region')],
  ])("a change %s does not make a row refer to another tenant's by another key", (_, job) =>
    withEntities(setting, [region, area, place, job], async (source, outside) => {
      const of = (name: string) => source.getRepository(name);
      const all = () => outside('select id, region, "placeNo" as place from job order by id');
      await context.run(globex, () => of('Place').insert({ region: 'US', no: 'one' }));
      await context.run(acme, async () => {
        await of('Place').insert([
          { region: 'EU', no: 'one' },
          { region: 'CH', no: 'one' },
        ]);
        await of('Region').insert({ id: 'r', code: 'EU' });
        await of('Area').insert({ id: 'a', region: 'EU' });
        await of('Job').insert({ id: 'j', region: 'EU', placeNo: 'one' });
        const before = await all();
        await expect(of('Region').update({ id: 'r' }, { code: 'US' })).rejects.toMatchObject(unavailable);
        await expect(of('Region').update({ id: 'r' }, { code: () => `'US'` })).rejects.toMatchObject(unavailable);
        await expect(of('Region').save({ id: 'r', code: 'US' })).rejects.toMatchObject(unavailable);
        await expect(of('Region').upsert({ id: 'r', code: 'US' }, ['id'])).rejects.toMatchObject(unavailable);
        expect(await all()).toEqual(before);
        await of('Region').update({ id: 'r' }, { title: 'Switzerland', code: 'CH' });
        expect(await all()).toEqual([{ id: 'j', region: 'CH', place: 'one' }]);
        await of('Region').upsert({ id: 'r', code: 'EU' }, ['id']);
        expect(await all()).toEqual([{ id: 'j', region: 'EU', place: 'one' }]);
      });
    }),
  );
});

import { describe, expect, it } from 'vitest';
import { acme, context, id, settings, tenantId, text, withEntities } from './database/own-entities.js';

const optional = { ...text, nullable: true } as const;
const office = { name: 'Office', columns: { tenantId, id } };
const job = {
  name: 'Job',
  columns: { tenantId, id, title: optional, officeId: optional },
  relations: { office: { type: 'many-to-one', target: 'Office', joinColumn: { name: 'officeId' } } },
};
const all = 'select id, title, "officeId" as office from job order by id';

describe.each(settings)('writes one of which is looked up first, TypeORM $version on $database', (setting) => {
  it('of one row, in one save, are made in their order', () =>
    withEntities(setting, [office, job], async (source, outside) => {
      await context.run(acme, async () => {
        await source.getRepository('Office').insert({ id: 'new' });
        const jobs = source.getRepository('Job');
        await jobs.insert({ id: 'a' });
        await jobs.save([
          { id: 'a', title: 'first', officeId: 'new' },
          { id: 'a', title: 'second' },
        ]);
      });
      expect(await outside(all)).toEqual([{ id: 'a', title: 'second', office: 'new' }]);
    }));

  it('of one transaction are made in the order in which they were asked for', () =>
    withEntities(setting, [office, job], async (source, outside) => {
      await context.run(acme, () =>
        source.transaction(async (manager) => {
          await manager.insert('Office', { id: 'new' });
          await Promise.all([
            manager.insert('Job', { id: 'a', title: 'first', officeId: 'new' }),
            manager.update('Job', { id: 'a' }, { title: 'second' }),
            manager.insert('Job', { id: 'b', officeId: 'new' }),
            manager.delete('Job', { id: 'b' }),
          ]);
          const refused = manager.update('Job', { id: 'a' }, { title: 'lost', officeId: 'not there' });
          const after = manager.update('Job', { id: 'a' }, { title: 'third' });
          await expect(refused).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
          expect((await after).affected).toBe(1);
        }),
      );
      expect(await outside(all)).toEqual([{ id: 'a', title: 'third', office: 'new' }]);
    }));
});

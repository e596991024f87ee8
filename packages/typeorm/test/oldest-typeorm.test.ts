import type { DataSource, EntitySchema } from 'typeorm';
import { EntitySchema as OldestSchema, DataSource as OldestSource } from 'typeorm-0.3-oldest';
import { describe, expect, it } from 'vitest';
import { context, id, settings, tenantId, tenants, text, withEntities } from './database/own-entities.js';

const databases = settings.filter(({ version }) => version === '0.3').map(({ database }) => database);

describe.each(databases)('typeorm-7: upserts, TypeORM 0.3.20 on %s', (database) => {
  const setting = {
    version: '0.3',
    database,
    // The versions have the same options and no common types.
    Source: OldestSource as unknown as typeof DataSource,
    Schema: OldestSchema as unknown as typeof EntitySchema,
  } as const;
  const office = {
    name: 'Office',
    columns: { id, tenantId, city: text, seats: { type: Number } },
    uniques: [{ columns: ['tenantId', 'city'] }],
  };

  it('by a key with the tenant are its own, and by one without it are refused with the reason', () =>
    withEntities(setting, [office], async (source) => {
      const offices = source.getRepository('Office');
      const refused = (message: RegExp) => ({ code: 'scope_refused', message: expect.stringMatching(message) });
      for (const { slug, ...tenant } of tenants) {
        await context.run({ slug, ...tenant }, async () => {
          await offices.insert({ id: `${slug}-1`, city: 'Bern', seats: 1 });
          const upsert = () => offices.upsert({ id: `${slug}-1`, city: 'Bern', seats: 2 }, ['tenantId', 'city']);
          await upsert();
          if (database === 'MariaDB') return;
          const byId = () => offices.upsert({ id: `${slug}-1`, city: 'Bern', seats: 3 }, ['id']);
          await expect(byId()).rejects.toMatchObject(
            refused(/version of TypeORM.*upsert\(rows, \['tenantId', …\]\).*0\.3\.25/),
          );
          await offices
            .createQueryBuilder()
            .insert()
            .values({ id: `${slug}-1`, city: 'Bern', seats: 4 })
            .orIgnore()
            .execute();
        });
      }
      for (const { id, slug } of tenants) {
        expect(await context.run({ id, slug }, () => offices.find())).toEqual([
          { id: `${slug}-1`, tenantId: id, city: 'Bern', seats: 2 },
        ]);
      }
    }));
});

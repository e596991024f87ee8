import { describe, expect, it } from 'vitest';
import { acme, context, globex, id, settings, tenantId, tenants, text, withEntities } from './database/own-entities.js';

const unavailable = { code: 'tenant_row_unavailable' };

describe.each(settings)('look-ups of rows, TypeORM $version on $database', (setting) => {
  const { database } = setting;

  it('typeorm-2: entities with an order of their own are referred to, inserted twice and upserted', () =>
    withEntities(
      setting,
      [
        { name: 'Office', columns: { id, tenantId, city: text }, orderBy: { city: 'ASC' } },
        {
          name: 'Job',
          columns: { id, tenantId, officeId: text },
          relations: { office: { type: 'many-to-one', target: 'Office', joinColumn: { name: 'officeId' } } },
          orderBy: { id: 'DESC' },
        },
      ],
      async (source) => {
        const [offices, jobs] = ['Office', 'Job'].map((name) => source.getRepository(name));
        const writes = tenants.map(
          ({ slug, ...tenant }) =>
            () =>
              context.run({ slug, ...tenant }, async () => {
                await offices?.insert([
                  { id: `${slug}-1`, city: 'z' },
                  { id: `${slug}-2`, city: 'a' },
                ]);
                await jobs?.insert([1, 2].map((n) => ({ id: `${slug}-${n}`, officeId: `${slug}-1` })));
                await expect(jobs?.insert({ id: `${slug}-1`, officeId: `${slug}-1` })).rejects.toMatchObject({
                  name: 'QueryFailedError',
                });
                await jobs?.save({ id: `${slug}-2`, officeId: `${slug}-2` });
                if (database !== 'MariaDB') await offices?.upsert({ id: `${slug}-1`, city: 'b' }, ['id']);
                const ignored = offices
                  ?.createQueryBuilder()
                  .insert()
                  .values({ id: `${slug}-2`, city: 'x' })
                  .orIgnore();
                await ignored?.execute();
              }),
        );
        // SQLite has one connection, on which transactions cannot be interleaved.
        if (database === 'SQLite') for (const write of writes) await write();
        else await Promise.all(writes.map((write) => write()));
        await context.run(acme, async () => {
          await expect(jobs?.insert({ id: 'x', officeId: 'globex-1' })).rejects.toMatchObject(unavailable);
          await expect(offices?.insert({ id: 'globex-1', city: 'x' })).rejects.toMatchObject(unavailable);
          expect((await jobs?.find())?.map((row) => row['id'])).toEqual(['acme-2', 'acme-1']);
          expect((await offices?.find())?.map((row) => row['id'])).toEqual(['acme-2', 'acme-1']);
        });
      },
    ));

  it('a related row without its tenant is referred to by a key that has the tenant in it', () =>
    withEntities(
      setting,
      [
        {
          name: 'Node',
          columns: { id, tenantId, sku: text, otherSku: { ...text, nullable: true } },
          uniques: [{ columns: ['tenantId', 'sku'] }],
          relations: {
            other: {
              type: 'one-to-one',
              target: 'Node',
              inverseSide: 'of',
              nullable: true,
              joinColumn: [
                { name: 'tenantId', referencedColumnName: 'tenantId' },
                { name: 'otherSku', referencedColumnName: 'sku' },
              ],
            },
            of: { type: 'one-to-one', target: 'Node', inverseSide: 'other', cascade: ['insert'] },
          },
        },
      ],
      async (source) => {
        const nodes = source.getRepository('Node');
        const save = (slug: string) => async () => {
          // Both are new, in one insert.
          await nodes.save({ id: `${slug}-1`, sku: 'a', of: { id: `${slug}-2`, sku: 'b' } });
          // It is there, and named by the rest of the key.
          await nodes.save({ id: `${slug}-3`, sku: 'c', other: { id: `${slug}-2`, sku: 'b' } });
        };
        for (const tenant of [acme, globex]) await context.run(tenant, save(tenant.slug));
        for (const { slug, ...tenant } of [acme, globex]) {
          const found = await context.run({ slug, ...tenant }, () => nodes.find({ order: { id: 'ASC' } }));
          expect(found.map((row) => [row['tenantId'], row['id'], row['otherSku']])).toEqual([
            [tenant.id, `${slug}-1`, null],
            [tenant.id, `${slug}-2`, 'a'],
            [tenant.id, `${slug}-3`, 'b'],
          ]);
        }
      },
    ));

  it("rows of one insert may name each other, and no other tenant's", () =>
    withEntities(
      setting,
      [
        {
          name: 'Office',
          columns: { id, tenantId, parentId: { ...text, nullable: true } },
          relations: {
            parent: { type: 'many-to-one', target: 'Office', joinColumn: { name: 'parentId' }, nullable: true },
            children: { type: 'one-to-many', target: 'Office', inverseSide: 'parent', cascade: true },
          },
        },
      ],
      async (source) => {
        const offices = source.getRepository('Office');
        await context.run(globex, () => offices.insert({ id: 'globex-1' }));
        await context.run(acme, async () => {
          await offices.insert([{ id: 'top' }, { id: 'below', parentId: 'top' }]);
          await offices.save({ id: 'a', children: [{ id: 'b' }, { id: 'c' }] });
          const foreign = [{ id: 'own' }, { id: 'aimed', parentId: 'globex-1' }];
          await expect(offices.insert(foreign)).rejects.toMatchObject(unavailable);
          const unwritten = { id: 'globex-1', parentId: 'globex-1' };
          const partly = offices.createQueryBuilder().insert().into('Office', ['parentId']).values(unwritten);
          await expect(partly.execute()).rejects.toMatchObject(unavailable);
          const ignored = offices.createQueryBuilder().insert().values(unwritten).orIgnore();
          await expect(ignored.execute()).rejects.toMatchObject(unavailable);
          expect((await offices.find({ order: { id: 'ASC' } })).map((row) => [row['id'], row['parentId']])).toEqual([
            ['a', null],
            ['b', 'a'],
            ['below', 'top'],
            ['c', 'a'],
            ['top', null],
          ]);
        });
      },
    ));

  it('a row gives no key that it is not written with', () =>
    withEntities(
      setting,
      [
        { name: 'Office', columns: { id, tenantId } },
        {
          name: 'Job',
          columns: { id, tenantId, officeId: text },
          relations: { office: { type: 'many-to-one', target: 'Office', joinColumn: { name: 'officeId' } } },
        },
        {
          name: 'Unit',
          columns: {
            id: { type: Number, primary: true, generated: 'increment' },
            tenantId,
            parentId: { type: Number, nullable: true },
          },
          relations: {
            parent: { type: 'many-to-one', target: 'Unit', joinColumn: { name: 'parentId' }, nullable: true },
          },
        },
        {
          name: 'Badge',
          columns: {
            id: {
              ...id,
              transformer: { to: (given: string) => given && `own-${given}`, from: (given: string) => given },
            },
            tenantId,
            ofId: { ...text, nullable: true },
          },
          relations: { of: { type: 'many-to-one', target: 'Badge', joinColumn: { name: 'ofId' }, nullable: true } },
        },
      ],
      async (source, outside) => {
        const insert = (entity: string, rows: object[]) => source.getRepository(entity).insert(rows);
        const unit = await context.run(globex, async () => {
          await insert('Office', [{ id: 'globex-1' }]);
          return (await insert('Unit', [{}])).identifiers[0]?.['id'];
        });
        await outside(`insert into "badge" ("id", "tenantId") values ('globex-1', '${globex.id}')`);
        await context.run(acme, async () => {
          // Of another entity; a number that the database gives; what is written as something else.
          await expect(insert('Job', [{ id: 'globex-1', officeId: 'globex-1' }])).rejects.toMatchObject(unavailable);
          await expect(insert('Unit', [{ id: unit }, { parentId: unit }])).rejects.toMatchObject(unavailable);
          await expect(insert('Badge', [{ id: 'globex-1' }, { id: 'b', ofId: 'globex-1' }])).rejects.toBeDefined();
          expect(await source.getRepository('Badge').find()).toEqual([]);
        });
      },
    ));

  const office = (more: object = {}) => ({
    type: 'many-to-one',
    target: 'Office',
    joinColumn: { name: 'officeId' },
    deferrable: 'INITIALLY DEFERRED',
    nullable: true,
    ...more,
  });
  // MySQL and MariaDB compare foreign keys at once, and have none that are deferrable.
  const keys = {
    ...(database !== 'MariaDB' && { deferrable: office() }),
    'without a constraint': office({ deferrable: undefined, createForeignKeyConstraints: false }),
  };
  it.each(Object.entries(keys))(
    'typeorm-6: a key that is %s may name a row that comes later in the transaction',
    (_name, relation) =>
      withEntities(
        setting,
        [
          { name: 'Office', columns: { id, tenantId } },
          {
            name: 'Job',
            columns: { id, tenantId, officeId: { ...text, nullable: true } },
            relations: { office: relation },
          },
        ],
        async (source) => {
          const jobs = source.getRepository('Job');
          await context.run(globex, () => source.getRepository('Office').insert({ id: 'globex-1' }));
          await context.run(acme, async () => {
            await source.transaction(async (manager) => {
              await manager.insert('Job', { id: 'early', officeId: 'acme-1' });
              await manager.insert('Office', { id: 'acme-1' });
            });
            expect(await jobs.findOne({ where: { id: 'early' }, relations: { office: true } })).toMatchObject({
              office: { id: 'acme-1' },
            });
            // What comes is to be the tenant's own, or nothing of the transaction stays.
            for (const officeId of ['globex-1', 'never']) {
              const committed = source.transaction(async (manager) => {
                await manager.insert('Job', { id: 'late', officeId });
                await manager.update('Job', { id: 'early' }, { officeId });
              });
              await expect(committed).rejects.toMatchObject(unavailable);
              expect(await jobs.find()).toEqual([{ id: 'early', tenantId: acme.id, officeId: 'acme-1' }]);
              await expect(jobs.insert({ id: 'late', officeId })).rejects.toMatchObject(unavailable);
              await expect(jobs.save({ id: 'late', officeId })).rejects.toMatchObject(unavailable);
            }
            // What was undone is not asked for.
            await source.transaction(async (manager) => {
              await manager.insert('Job', { id: 'second', officeId: 'acme-2' });
              const inner = manager.transaction(async (nested) => {
                await nested.insert('Job', { id: 'third', officeId: 'never' });
                throw new Error('undo');
              });
              await expect(inner).rejects.toThrow('undo');
              await manager.insert('Office', { id: 'acme-2' });
            });
            expect((await jobs.find({ order: { id: 'ASC' } })).map((row) => row['id'])).toEqual(['early', 'second']);
            // Nor in the next transaction of the same connection.
            await source.transaction((manager) => manager.insert('Office', { id: 'acme-3' }));
          });
        },
      ),
  );

  if (database !== 'MariaDB')
    it('typeorm-6: a deferrable key with the tenant in it is left to the database', () =>
      withEntities(
        setting,
        [
          { name: 'Office', columns: { tenantId: { ...text, primary: true }, id } },
          {
            name: 'Job',
            columns: { id, tenantId, officeId: text },
            relations: {
              office: office({
                joinColumn: [
                  { name: 'tenantId', referencedColumnName: 'tenantId' },
                  { name: 'officeId', referencedColumnName: 'id' },
                ],
              }),
            },
          },
        ],
        async (source) => {
          await context.run(acme, async () => {
            await source.transaction(async (manager) => {
              await manager.insert('Job', { id: 'early', officeId: 'one' });
              await manager.insert('Office', { id: 'one' });
            });
            expect(await source.getRepository('Job').count()).toBe(1);
          });
        },
      ));
});

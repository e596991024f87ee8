import { describe, expect, it } from 'vitest';
import { acme, context, globex, id, settings, tenantId, text, withEntities } from './database/own-entities.js';

const unavailable = { code: 'tenant_row_unavailable' };
const optional = { ...text, nullable: true };
const all = `SELECT "id", "tenantId", "code", "title" FROM "job" ORDER BY "id"`;

describe.each(settings)('keys of upserts, TypeORM $version on $database', (setting) => {
  it("rows whose unique column is left out, and so null, meet nobody's", () =>
    withEntities(
      setting,
      [{ name: 'Job', columns: { id, tenantId, code: { ...optional, unique: true }, title: optional } }],
      async (source, outside) => {
        const jobs = source.getRepository('Job');
        await context.run(globex, () => jobs.insert([{ id: 'g-1' }, { id: 'g-2', code: 'taken' }]));
        await context.run(acme, async () => {
          await jobs.upsert({ id: 'one' }, ['code']);
          await jobs.upsert([{ id: 'two' }, { id: 'three', code: null }, { id: 'four', code: 'own' }], ['code']);
          await jobs.createQueryBuilder().insert().values({ id: 'five', title: 'x' }).orIgnore().execute();
          await expect(jobs.upsert([{ id: 'six' }, { id: 'seven', code: 'taken' }], ['code'])).rejects.toMatchObject(
            unavailable,
          );
        });
        expect((await outside(all)).map((row) => [row['id'], row['code']])).toEqual([
          ['five', null],
          ['four', 'own'],
          ['g-1', null],
          ['g-2', 'taken'],
          ['one', null],
          ['three', null],
          ['two', null],
        ]);
      },
    ));

  it('a key that is a constant default is looked up as that', () =>
    withEntities(
      setting,
      [{ name: 'Job', columns: { id, tenantId, code: { ...text, unique: true, default: 'new' }, title: optional } }],
      async (source, outside) => {
        const jobs = source.getRepository('Job');
        const ignore = (row: object) => jobs.createQueryBuilder().insert().values(row).orIgnore().execute();
        await context.run(globex, () => jobs.upsert({ id: 'g-1' }, ['code']));
        await context.run(acme, async () => {
          await expect(jobs.upsert({ id: 'one' }, ['code'])).rejects.toMatchObject(unavailable);
          await expect(ignore({ id: 'one' })).rejects.toMatchObject(unavailable);
        });
        await context.run(globex, async () => {
          await jobs.upsert({ id: 'g-1', title: 'again' }, ['code']);
          await ignore([{ id: 'g-2' }, { id: 'g-3', code: 'other' }]);
        });
        expect((await outside(all)).map((row) => [row['id'], row['code'], row['title']])).toEqual([
          ['g-1', 'new', 'again'],
          ['g-3', 'other', null],
        ]);
      },
    ));

  it('the key that a subscriber gives a row is the one that is looked up', () =>
    withEntities(
      setting,
      [{ name: 'Job', columns: { id, tenantId, code: { ...text, unique: true }, title: optional } }],
      async (source, outside) => {
        const jobs = source.getRepository('Job');
        source.subscribers.push({
          beforeInsert: ({ entity }: { readonly entity: { code: string } }) => {
            entity.code = entity.code.toLowerCase();
          },
        } as never);
        await context.run(globex, () => jobs.insert({ id: 'g-1', code: 'taken' }));
        await context.run(acme, async () => {
          await jobs.upsert({ id: 'one', code: 'OWN' }, ['code']);
          await jobs.upsert({ id: 'one', code: 'OWN', title: 'again' }, ['code']);
          await expect(jobs.upsert({ id: 'two', code: 'TAKEN' }, ['code'])).rejects.toMatchObject(unavailable);
        });
        expect(await outside(all)).toEqual([
          { id: 'g-1', tenantId: globex.id, code: 'taken', title: null },
          { id: 'one', tenantId: acme.id, code: 'own', title: 'again' },
        ]);
      },
    ));
});

// MariaDB says of each row itself whose is in its way.
describe.each(settings.filter(({ database }) => database !== 'MariaDB'))(
  'keys that nobody can look up, TypeORM $version on $database',
  (setting) => {
    it('nothing stays of a refused upsert whose key the database itself writes', () =>
      withEntities(
        setting,
        [
          {
            name: 'Job',
            columns: { id, tenantId, code: { ...text, unique: true, default: () => `'new'` }, title: optional },
          },
        ],
        async (source, outside) => {
          const jobs = source.getRepository('Job');
          await context.run(acme, async () => {
            await expect(jobs.upsert({ id: 'one' }, ['code'])).rejects.toMatchObject(unavailable);
            await expect(jobs.upsert({ id: 'one', code: () => `'sql'` }, ['code'])).rejects.toMatchObject(unavailable);
            await source.transaction(async (manager) => {
              await manager.insert('Job', { id: 'before', code: 'before' });
              await expect(manager.upsert('Job', { id: 'one' }, ['code'])).rejects.toMatchObject(unavailable);
            });
          });
          expect(await outside(all)).toMatchObject([{ id: 'before' }]);
        },
      ));

    it('nothing stays of a refused upsert whose default the database has otherwise', () =>
      withEntities(
        setting,
        [{ name: 'Job', columns: { id, tenantId, code: { ...text, unique: true, default: 'new' }, title: optional } }],
        async (source, outside) => {
          // SQLite is told the default by TypeORM.
          if (setting.database === 'SQLite') return;
          await outside(`ALTER TABLE "job" ALTER "code" SET DEFAULT 'another'`);
          const jobs = source.getRepository('Job');
          await expect(context.run(acme, () => jobs.upsert({ id: 'one' }, ['code']))).rejects.toMatchObject(
            unavailable,
          );
          expect(await outside(all)).toEqual([]);
        },
      ));

    it('nothing stays of a refused upsert by a key that changes with the key of the very row', () =>
      withEntities(
        setting,
        [
          {
            name: 'Job',
            columns: { id, tenantId, parentId: { ...optional, unique: true }, title: optional },
            relations: {
              parent: {
                type: 'many-to-one',
                target: 'Job',
                joinColumn: { name: 'parentId' },
                onUpdate: 'CASCADE',
                onDelete: 'NO ACTION',
              },
            },
          },
        ],
        async (source, outside) => {
          const jobs = source.getRepository('Job');
          await context.run(acme, async () => {
            await jobs.insert({ id: 'one', parentId: 'one' });
            await expect(jobs.upsert({ id: 'two', parentId: 'one' }, ['parentId'])).rejects.toMatchObject(unavailable);
          });
          expect(await outside('SELECT "id", "parentId" FROM "job"')).toEqual([{ id: 'one', parentId: 'one' }]);
        },
      ));
  },
);

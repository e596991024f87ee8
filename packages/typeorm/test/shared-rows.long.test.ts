import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { AdminDataSource } from '../src/admin.js';
import {
  acme,
  context,
  globex,
  id,
  type Setting,
  settings,
  tenantId,
  tenants,
  text,
  withEntities,
} from './database/own-entities.js';

const unavailable = { code: 'tenant_row_unavailable' };
const key = { tenantId: { ...tenantId, nullable: true }, id };
const entities = [
  {
    name: 'Role',
    columns: { ...key, title: text },
    relations: {
      users: { type: 'one-to-many', target: 'User', inverseSide: 'role' },
      rights: { type: 'many-to-many', target: 'Right', joinTable: { name: 'role_right' } },
    },
  },
  { name: 'Right', columns: key },
  {
    name: 'User',
    tableName: 'member',
    columns: { id, tenantId, roleId: { ...text, nullable: true } },
    relations: {
      role: {
        type: 'many-to-one',
        target: 'Role',
        inverseSide: 'users',
        joinColumn: { name: 'roleId' },
        nullable: true,
      },
      rights: { type: 'many-to-many', target: 'Right', joinTable: { name: 'member_right' } },
    },
  },
];
type Row = Record<string, unknown> & { readonly id: string };
const ids = (rows: readonly object[]) => rows.map((row) => (row as Row).id).sort();

/** Each tenant has a role, a right and a user; everybody has a role with a right. */
const withRoles = (
  setting: Setting,
  work: (source: DataSource, outside: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<void>,
) =>
  withEntities(
    setting,
    entities,
    async (source, outside) => {
      await outside(`INSERT INTO "role" ("id", "title") VALUES ('everybody', 'as made')`);
      await outside(`INSERT INTO "right" ("id") VALUES ('read')`);
      await outside(`INSERT INTO "role_right" VALUES ('everybody', 'read')`);
      for (const { id: tenant, slug } of tenants) {
        await context.run({ id: tenant, slug }, async () => {
          await source.getRepository('Right').insert({ id: `${slug}-right` });
          await source.getRepository('Role').insert({ id: `${slug}-role`, title: 'own' });
          await source.getRepository('User').insert({ id: `${slug}-user`, roleId: 'everybody' });
        });
      }
      await work(source, outside);
    },
    { sharedRows: ['Role', 'Right'] },
  );

describe.each(settings)('typeorm-8: rows without a tenant, TypeORM $version on $database', (setting) => {
  it('each tenant reads them beside its own, and refers to them', () =>
    withRoles(setting, async (source) => {
      const roles = source.getRepository('Role');
      for (const { slug, ...tenant } of tenants) {
        await context.run({ slug, ...tenant }, async () => {
          expect(ids(await roles.find())).toEqual([`${slug}-role`, 'everybody'].sort());
          expect(await roles.countBy({ id: 'everybody' })).toBe(1);
          const users = await source.getRepository('User').find({ relations: { role: { rights: true } } });
          expect(users).toMatchObject([{ id: `${slug}-user`, role: { id: 'everybody', rights: [{ id: 'read' }] } }]);
          const everybody = await roles.findOne({ where: { id: 'everybody' }, relations: { users: true } });
          expect(ids(everybody?.['users'] as Row[])).toEqual([`${slug}-user`]);
          const joined = source.createQueryBuilder('User', 'u').innerJoin('u.role', 'r', `r.title = 'as made'`);
          expect(await joined.getCount()).toBe(1);
          // A tenant's own links to them come and go.
          const rights = source.createQueryBuilder().relation('User', 'rights').of(`${slug}-user`);
          await rights.add('read');
          expect(ids(await rights.loadMany())).toEqual(['read']);
          await rights.remove('read');
          expect(await rights.loadMany()).toEqual([]);
          const own = source.createQueryBuilder().relation('Role', 'rights').of(`${slug}-role`);
          await own.add('read');
          expect(ids(await own.loadMany())).toEqual(['read']);
        });
      }
      await context.run(acme, () =>
        source.createQueryBuilder().relation('Role', 'rights').of('acme-role').remove('read'),
      );
      const globexRole = () => source.createQueryBuilder().relation('Role', 'rights').of('globex-role').loadMany();
      expect(ids(await context.run(globex, globexRole))).toEqual(['read']);
    }));

  it('no tenant writes them, and is told so', () =>
    withRoles(setting, async (source, outside) => {
      const everything = () =>
        Promise.all(['role', 'right', 'role_right'].map((table) => outside(`SELECT * FROM "${table}" ORDER BY 1, 2`)));
      const before = await everything();
      await context.run(acme, async () => {
        const roles = source.getRepository('Role');
        const role = await roles.findOneByOrFail({ id: 'everybody' });
        await expect(roles.save({ ...role, title: 'x' })).rejects.toMatchObject(unavailable);
        await expect(roles.remove({ ...role })).rejects.toMatchObject(unavailable);
        await expect(roles.insert({ id: 'x', title: 'x', tenantId: null })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
        await expect(roles.insert({ id: 'everybody', title: 'x' })).rejects.toMatchObject(unavailable);
        await expect(roles.upsert({ id: 'everybody', title: 'x' }, ['id'])).rejects.toMatchObject(unavailable);
        const ignored = roles.createQueryBuilder().insert().values({ id: 'everybody', title: 'x' }).orIgnore();
        await expect(ignored.execute()).rejects.toMatchObject(unavailable);
        for (const where of [{ id: 'everybody' }, { title: 'as made' }]) {
          await roles.update(where, { title: 'x' });
          await roles.delete(where);
        }
        await expect(roles.update({ id: 'acme-role' }, { tenantId: null })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
        const links = source.createQueryBuilder().relation('Role', 'rights').of('everybody');
        await expect(links.add('acme-right')).resolves.toBeUndefined();
        await links.remove('acme-right');
        await links.remove('read');
        await outside(`INSERT INTO "right" ("id") VALUES ('write')`);
        await expect(links.add('write')).rejects.toMatchObject(unavailable);
        await outside(`DELETE FROM "right" WHERE "id" = 'write'`);
      });
      expect(await everything()).toEqual(before);
    }));

  it('an AdminDataSource writes them', () =>
    withEntities(setting, entities, async (first) => {
      const source = Reflect.construct(first.constructor, [first.options]) as DataSource;
      const admin = new AdminDataSource(await source.initialize(), { sharedRows: ['Role', 'Right'], audit: () => {} });
      await admin.acrossTenants({ reason: 'roles' }, (raw) =>
        raw.getRepository('Role').save({ id: 'made', title: 'x' }),
      );
      expect(await admin.forTenant(acme.id, (raw) => raw.getRepository('Role').find())).toEqual([
        { id: 'made', title: 'x', tenantId: null },
      ]);
      await source.destroy();
    }));

  it("without the option they are nobody's, and what cannot have them is refused", async () => {
    await withEntities(setting, entities, async (source, outside) => {
      await outside(`INSERT INTO "role" ("id", "title") VALUES ('everybody', 'as made')`);
      expect(await context.run(acme, () => source.getRepository('Role').find())).toEqual([]);
    });
    for (const name of ['User', 'Rôle']) {
      await expect(withEntities(setting, entities, async () => {}, { sharedRows: [name] })).rejects.toMatchObject({
        code: 'shared_invalid',
      });
    }
  });
});

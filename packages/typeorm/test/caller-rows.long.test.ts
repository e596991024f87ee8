import { TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import initSqlJs from 'sql.js';
import { DataSource, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { describe, expect, inject, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import { createMariadb, isMariadbThere } from './database/mariadb.js';

const [acme, globex] = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
] as const;
const tenants = [acme, globex];
const context = new TenantContext();

class Role {
  declare tenantId: string;
  declare name: string;
  declare level: number;
}
class Numbered {
  declare id: number;
  declare tenantId: string;
  declare name: string;
}

const versions = [
  ['1.x', DataSource, EntitySchema],
  // The two versions have the same options and no common types.
  ['0.3', DataSource03 as unknown as typeof DataSource, EntitySchema03 as unknown as typeof EntitySchema],
] as const;
const databases = ['PostgreSQL', 'SQLite', ...(isMariadbThere ? (['MariaDB'] as const) : [])] as const;
const settings = versions.flatMap(([version, Source, Schema]) =>
  databases.map((database) => ({ version, database, Source, Schema })),
);

describe.each(settings)(
  'typeorm-3: rows of the caller, TypeORM $version on $database',
  ({ database, Source, Schema }) => {
    const within = async (work: (source: DataSource) => Promise<void>) => {
      const server =
        database === 'PostgreSQL'
          ? await createDatabase(inject('postgresUrl'))
          : database === 'MariaDB'
            ? await createMariadb()
            : null;
      const connection = {
        PostgreSQL: { type: 'postgres', url: server?.url, installExtensions: false },
        MariaDB: { type: 'mysql', url: server?.url, connectorPackage: 'mysql2' },
        SQLite: { type: 'sqljs', driver: await initSqlJs() },
      }[database];
      const tenantId = { type: String } as const;
      const name = { type: String } as const;
      const entities = [
        new Schema<Role>({
          name: 'Role',
          target: Role,
          columns: {
            tenantId: { ...tenantId, primary: true },
            name: { ...name, primary: true },
            level: { type: Number },
          },
        }),
        new Schema<Numbered>({
          name: 'Numbered',
          target: Numbered,
          columns: { id: { type: Number, primary: true, generated: 'increment' }, tenantId, name },
        }),
      ];
      const source = new Source({ ...connection, entities, synchronize: true } as never);
      try {
        await work(await tenantScoped(source, { context }).initialize());
      } finally {
        await source.destroy();
        await server?.stop();
      }
    };
    const names = (source: DataSource) => () =>
      source
        .getRepository(Role)
        .find({ order: { name: 'ASC' } })
        .then((rows) => rows.map(({ tenantId, name }) => [tenantId, name]));
    const both = (id: string) => ['admin', 'guest'].map((name) => [id, name]);

    it.each(['insert', 'save', 'upsert', 'builder'] as const)('%s: constants are written for each tenant', (method) =>
      within(async (source) => {
        const roles = source.getRepository(Role);
        const rows = [
          { name: 'admin', level: 1 },
          { name: 'guest', level: 2 },
        ];
        const write: () => Promise<unknown> = {
          insert: () => roles.insert(rows),
          save: () => roles.save(rows),
          upsert: () => roles.upsert(rows, ['tenantId', 'name']),
          builder: () => roles.createQueryBuilder().insert().into(Role, into).values(rows).execute(),
        }[method];
        const into = ['name', 'level'] as (keyof Role & string)[];
        for (const tenant of tenants) {
          await context.run(tenant, write);
          if (method === 'save') expect(rows).toMatchObject([{ tenantId: tenant.id }, { tenantId: tenant.id }]);
          else
            expect(rows).toEqual([
              { name: 'admin', level: 1 },
              { name: 'guest', level: 2 },
            ]);
        }
        expect(into).toEqual(['name', 'level']);
        for (const tenant of tenants) expect(await context.run(tenant, names(source))).toEqual(both(tenant.id));
        // Also by both at once.
        await Promise.all(tenants.map((tenant) => context.run(tenant, () => roles.delete({ name: 'admin' }))));
        if (method !== 'save') {
          await Promise.all(tenants.map((tenant) => context.run(tenant, () => roles.delete({ name: 'guest' }))));
          await Promise.all(tenants.map((tenant) => context.run(tenant, write)));
          for (const tenant of tenants) expect(await context.run(tenant, names(source))).toEqual(both(tenant.id));
        }
      }),
    );

    it('rows that are frozen are written', () =>
      within(async (source) => {
        const roles = source.getRepository(Role);
        const frozen = [Object.freeze({ name: 'admin', level: 1 }), Object.freeze({ name: 'guest', level: 2 })];
        for (const tenant of tenants) {
          await context.run(tenant, async () => {
            await roles.insert(frozen);
            await roles.delete({ name: 'admin' });
            await roles.delete({ name: 'guest' });
            await roles.save(frozen as never);
            expect(await names(source)()).toEqual(both(tenant.id));
          });
        }
      }));

    it('what TypeORM itself puts on rows is there, and an entity that was read names its tenant', () =>
      within(async (source) => {
        const numbered = source.getRepository(Numbered);
        const row = { name: 'a' } as Numbered;
        const saved = await context.run(acme, async () => {
          const result = await numbered.insert(row);
          expect(result.generatedMaps).toEqual([{ id: 1, tenantId: acme.id }]);
          return numbered.save(numbered.create({ name: 'b' }));
        });
        expect(row).toEqual({ id: 1, name: 'a' });
        expect({ ...saved }).toEqual({ id: 2, tenantId: acme.id, name: 'b' });
        const read = await context.run(acme, () => numbered.findOneByOrFail({ id: 2 }));
        await context.run(globex, async () => {
          await expect(numbered.save(read)).rejects.toMatchObject({ code: 'tenant_conflict' });
          await expect(numbered.save(saved)).rejects.toMatchObject({ code: 'tenant_conflict' });
          await expect(numbered.insert({ name: 'c', tenantId: acme.id })).rejects.toMatchObject({
            code: 'tenant_conflict',
          });
        });
        expect(await context.run(acme, () => numbered.find({ order: { id: 'ASC' } }))).toMatchObject([row, saved]);
        expect(await context.run(globex, () => numbered.count())).toBe(0);
      }));
  },
);

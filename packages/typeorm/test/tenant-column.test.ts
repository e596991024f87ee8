import { type Tenant, TenantContext } from '@tenancy/core';
import initSqlJs from 'sql.js';
import { Column, DataSource, Entity, type EntityTarget, ManyToOne, PrimaryColumn } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { classifyEntities, TenantColumn, tenantScoped } from '../src/index.js';

const tenants: readonly Tenant[] = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
];
const context = new TenantContext();

abstract class Owned {
  readonly companyId!: string;
}
TenantColumn({ name: 'company_id' })(Owned.prototype, 'companyId');

class Office extends Owned {
  id!: string;
}
PrimaryColumn({ type: String })(Office.prototype, 'id');
Entity()(Office);

class Job {
  id!: string;
  readonly tenantId!: string;
  office!: Office | null;
}
PrimaryColumn({ type: String })(Job.prototype, 'id');
TenantColumn()(Job.prototype, 'tenantId');
ManyToOne(() => Office, { nullable: true })(Job.prototype, 'office');
Entity()(Job);

class Undecided {
  id!: string;
  readonly companyId!: string;
  tenantId!: string;
}
PrimaryColumn({ type: String })(Undecided.prototype, 'id');
TenantColumn()(Undecided.prototype, 'companyId');
Column({ type: String })(Undecided.prototype, 'tenantId');
Entity()(Undecided);

class Organization {
  id!: string;
  name!: string;
}
PrimaryColumn({ type: String })(Organization.prototype, 'id');
TenantColumn()(Organization.prototype, 'id');
Column({ type: String })(Organization.prototype, 'name');
Entity()(Organization);

const opened: DataSource[] = [];
afterEach(async () => {
  for (const source of opened.splice(0)) if (source.isInitialized) await source.destroy();
});
// Decorators of two versions do not meet in one process: 0.3 is tried in the packed consumers.
describe('@TenantColumn()', () => {
  const open = async (entities: readonly EntityTarget<object>[]) => {
    const source = new DataSource({ type: 'sqljs', driver: await initSqlJs(), entities, synchronize: true } as never);
    opened.push(source);
    return source;
  };

  it('holds each entity to the property that it declares, of a base class too', async () => {
    const source = await tenantScoped(await open([Office, Job]), { context }).initialize();
    expect(classifyEntities(source)).toEqual({ tenantOwned: ['Office', 'Job'], shared: [], joinTables: [] });
    const offices = source.getRepository(Office);
    const jobs = source.getRepository(Job);
    for (const tenant of tenants) {
      await context.run(tenant, async () => {
        // No tenant is named, and it type-checks.
        const office = await offices.save(offices.create({ id: `${tenant.slug}-office` }));
        await jobs.insert({ id: tenant.slug, office });
        expect(office.companyId).toBe(tenant.id);
      });
    }
    await Promise.all(
      [...tenants, ...tenants].map((tenant) =>
        context.run(tenant, async () => {
          const [job, ...others] = await jobs.find({ relations: { office: true } });
          expect(others).toEqual([]);
          expect(job).toMatchObject({ id: tenant.slug, tenantId: tenant.id, office: { companyId: tenant.id } });
          expect(await offices.count()).toBe(1);
          await expect(offices.update({ id: `${tenant.slug}-office` }, { companyId: 't_other' })).rejects.toMatchObject(
            {
              code: 'tenant_conflict',
            },
          );
        }),
      ),
    );
  });

  it("typeorm-9: on the key of the tenants' own table, each tenant has its row and no other", async () => {
    const source = await tenantScoped(await open([Organization, Office]), { context }).initialize();
    const organizations = source.getRepository(Organization);
    for (const tenant of tenants) {
      // Sign-up, in short: the key is the tenant.
      await context.run(tenant, () => organizations.save(organizations.create({ name: tenant.slug })));
    }
    await Promise.all(
      tenants.map(({ id, slug }) =>
        context.run({ id, slug }, async () => {
          expect(await organizations.find()).toEqual([{ id, name: slug }]);
          const other = tenants.find((each) => each.id !== id)?.id ?? '';
          expect(await organizations.findOneBy({ id: other })).toBeNull();
          expect((await organizations.update({ id: other }, { name: 'x' })).affected).toBe(0);
          await expect(organizations.save({ id: other, name: 'x' })).rejects.toMatchObject({ code: 'tenant_conflict' });
        }),
      ),
    );
    for (const { id, slug } of tenants)
      expect(await context.run({ id, slug }, () => organizations.find())).toEqual([{ id, name: slug }]);
  });

  it('is no column that may be empty, under the name that it was given', async () => {
    const source = await (await open([Office])).initialize();
    const column = source.getMetadata(Office).findColumnWithPropertyName('companyId');
    expect([column?.databaseName, column?.isNullable]).toEqual(['company_id', false]);
  });

  it('refuses an entity with two of them', async () => {
    const source = tenantScoped(await open([Undecided]), { context });
    await expect(source.initialize()).rejects.toMatchObject({ code: 'entity_unclassified' });
    await expect(source.initialize()).rejects.toThrow(/companyId and tenantId/);
  });
});

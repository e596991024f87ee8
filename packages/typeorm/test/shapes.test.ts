import { type Tenant, TenantContext } from '@tenancy/core';
import initSqlJs from 'sql.js';
import { BaseEntity, DataSource, EntitySchema, type Repository, type TreeRepository } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { tenantScoped } from '../src/index.js';

const tenants: readonly [Tenant, Tenant] = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
];
const context = new TenantContext();
const id = { type: String, primary: true } as const;
const tenantId = { type: String } as const;
type Options = ConstructorParameters<typeof EntitySchema>[0];

const opened: DataSource[] = [];
afterEach(async () => {
  for (const source of opened.splice(0)) await source.destroy();
});
async function open(entities: readonly EntitySchema[], options: object = {}): Promise<DataSource> {
  const source = new DataSource({ type: 'sqljs', driver: await initSqlJs(), entities, synchronize: true } as never);
  opened.push(source);
  return tenantScoped(source, { context, ...options }).initialize();
}
/** Both tenants write with the same name, and then both look, at once. */
const both = async (
  write: (slug: string) => Promise<unknown>,
  look: (slug: string, tenantId: string) => Promise<unknown>,
) => {
  for (const tenant of tenants) await context.run(tenant, () => write(tenant.slug));
  await Promise.all(tenants.map((tenant) => context.run(tenant, () => look(tenant.slug, tenant.id))));
};

describe('other shapes of entities', () => {
  it('single-table inheritance: parents and children', async () => {
    class Person {}
    class Recruiter extends Person {}
    const columns = { id, tenantId, kind: { type: String } };
    const source = await open([
      new EntitySchema({
        name: 'Person',
        target: Person,
        columns,
        inheritance: { pattern: 'STI', column: 'kind' },
      } as Options),
      new EntitySchema({
        name: 'Recruiter',
        target: Recruiter,
        type: 'entity-child',
        discriminatorValue: 'recruiter',
        columns,
      } as Options),
    ]);
    const recruiters = source.getRepository(Recruiter) as Repository<{ id: string }>;
    await both(
      (slug) => recruiters.save({ id: `${slug}-1` }),
      async (slug) => {
        expect(await recruiters.find()).toMatchObject([{ id: `${slug}-1` }]);
        expect(await source.getRepository(Person).find()).toMatchObject([{ id: `${slug}-1` }]);
        expect((await recruiters.update({}, { id: `${slug}-1` }).catch(() => ({ affected: 0 }))).affected).toBeLessThan(
          2,
        );
      },
    );
  });

  it('the tenant in an embedded class, and composite keys', async () => {
    class Job {}
    const Owner = new EntitySchema({ name: 'Owner', columns: { tenantId } } as Options);
    const Job1 = new EntitySchema({
      name: 'Job',
      target: Job,
      columns: { id, part: { type: Number, primary: true } },
      embeddeds: { owner: { schema: Owner, prefix: 'owner_' } },
    } as Options);
    const source = await open([Job1], { tenantProperty: 'owner.tenantId' });
    const jobs = source.getRepository(Job) as Repository<{ id: string; part: number; owner?: object }>;
    await both(
      (slug) => jobs.insert({ id: slug, part: 1 }),
      async (slug, tenantId) => {
        expect(await jobs.find()).toEqual([{ id: slug, part: 1, owner: { tenantId } }]);
        await expect(jobs.insert({ id: 'x', part: 1, owner: { tenantId: 'another' } })).rejects.toMatchObject({
          code: 'tenant_conflict',
        });
      },
    );
  });

  it('materialized paths: ancestors and descendants', async () => {
    class Unit {}
    const source = await open([
      new EntitySchema({
        name: 'Unit',
        target: Unit,
        columns: { id, tenantId },
        trees: [{ type: 'materialized-path' }],
        relations: {
          parent: { type: 'many-to-one', treeParent: true, target: 'Unit', nullable: true },
          children: { type: 'one-to-many', treeChildren: true, target: 'Unit', inverseSide: 'parent' },
        },
      } as Options),
    ]);
    const units = source.getTreeRepository(Unit) as TreeRepository<{ id: string; parent?: object }>;
    await both(
      async (slug) => {
        const parent = await units.save({ id: `${slug}-1` });
        await units.save({ id: `${slug}-2`, parent });
      },
      async (slug) => {
        expect((await units.findRoots()).map((unit) => unit.id)).toEqual([`${slug}-1`]);
        expect(await units.countDescendants({ id: `${slug}-1` })).toBe(2);
        const other = slug === 'acme' ? 'globex' : 'acme';
        expect(await units.findDescendants({ id: `${other}-1` }).catch(() => [])).toEqual([]);
      },
    );
  });

  it('T14: active record', async () => {
    class Job extends BaseEntity {
      declare id: string;
      declare tenantId: string;
    }
    const source = await open([new EntitySchema({ name: 'Job', target: Job, columns: { id, tenantId } } as Options)]);
    Job.useDataSource(source);
    await both(
      (slug) => Job.create({ id: slug }).save(),
      async (slug) => {
        expect(await Job.find()).toMatchObject([{ id: slug }]);
        expect(await Job.count()).toBe(1);
        await expect(Job.query('SELECT * FROM job')).rejects.toMatchObject({ code: 'scope_refused' });
      },
    );
    await expect(Job.find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });

  it('T13: lazy relations', async () => {
    class Job {}
    class Office {}
    const source = await open([
      new EntitySchema({
        name: 'Office',
        target: Office,
        columns: { id, tenantId },
        relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office', lazy: true } },
      } as Options),
      new EntitySchema({
        name: 'Job',
        target: Job,
        columns: { id, tenantId },
        relations: { office: { type: 'many-to-one', target: 'Office', inverseSide: 'jobs', nullable: true } },
      } as Options),
    ]);
    const offices = source.getRepository(Office) as Repository<{ id: string; jobs: Promise<{ id: string }[]> }>;
    await both(
      async (slug) => {
        await offices.insert({ id: `${slug}-1` } as never);
        await source.getRepository(Job).insert({ id: `${slug}-job`, office: { id: `${slug}-1` } } as never);
      },
      async (slug) => {
        const [office] = await offices.find();
        expect((await office?.jobs)?.map((job) => job.id)).toEqual([`${slug}-job`]);
      },
    );
  });
});

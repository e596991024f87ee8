import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getRepositoryToken, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { type Tenant, TenantContext } from '@tenancy/core';
import initSqlJs from 'sql.js';
import { DataSource, EntitySchema, type MigrationInterface, type QueryRunner, type Repository } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { type TenantDataSourceFactoryOptions, tenantDataSourceFactory, tenantScoped } from '../src/index.js';

const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();

class Job {
  declare id: string;
  declare tenantId: string;
}
const id = { type: String, primary: true } as const;
const JobSchema = new EntitySchema<Job>({ name: 'Job', target: Job, columns: { id, tenantId: { type: String } } });
const CountrySchema = new EntitySchema({ name: 'Country', columns: { id } });

@Injectable()
class Jobs {
  constructor(@InjectRepository(JobSchema) readonly repository: Repository<Job>) {}
}

const moduleOf = async (options: TenantDataSourceFactoryOptions) => {
  const driver = await initSqlJs();
  @Module({
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => ({
          type: 'sqljs',
          driver,
          entities: [JobSchema, CountrySchema],
          synchronize: true,
          retryAttempts: 1,
        }),
        dataSourceFactory: tenantDataSourceFactory(options),
      }),
      TypeOrmModule.forFeature([JobSchema]),
    ],
    providers: [Jobs],
  })
  class AppModule {}
  return Test.createTestingModule({ imports: [AppModule] });
};

describe('tenantDataSourceFactory', () => {
  it('gives @InjectRepository repositories that see own rows, and no others', async () => {
    const app = await (await moduleOf({ shared: ['Country'] })).compile();
    const { repository } = app.get(Jobs);
    expect(app.get(getRepositoryToken(JobSchema))).toBe(repository);
    for (const tenant of [acme, globex]) await context.run(tenant, () => repository.save({ id: `${tenant.slug}-1` }));
    await Promise.all(
      [acme, globex, acme, globex].map((tenant) =>
        context.run(tenant, async () => {
          expect(await repository.find()).toEqual([{ id: `${tenant.slug}-1`, tenantId: tenant.id }]);
        }),
      ),
    );
    await expect(repository.find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await app.close();
  });

  it("stops the start for an entity that is neither a tenant's nor shared", async () => {
    await expect((await moduleOf({})).compile()).rejects.toMatchObject({ code: 'entity_unclassified' });
  });
});

describe('tenantScoped', () => {
  const opened: DataSource[] = [];
  afterEach(async () => {
    for (const source of opened.splice(0)) if (source.isInitialized) await source.destroy();
  });
  const open = async (more: object = {}) => {
    const options = {
      type: 'sqljs',
      driver: await initSqlJs(),
      entities: [JobSchema, CountrySchema],
      synchronize: true,
      ...more,
    };
    const source = new DataSource(options as ConstructorParameters<typeof DataSource>[0]);
    opened.push(source);
    return source;
  };

  it('fails without a context, twice over one data source, and for wrong names', async () => {
    const source = await open();
    expect(() => tenantScoped(source, {} as never)).toThrow(expect.objectContaining({ code: 'scope_misconfigured' }));
    tenantScoped(source, { context, shared: ['Nothing'] });
    expect(() => tenantScoped(source, { context })).toThrow(expect.objectContaining({ code: 'scope_misconfigured' }));
    await expect(source.initialize()).rejects.toMatchObject({ code: 'shared_invalid' });
    expect(source.isInitialized).toBe(false);
  });

  it('T12: migrations run as the system, outside of tenants alone', async () => {
    class Fill1700000000000 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        for (const { id: tenantId, slug } of [acme, globex])
          await runner.query(`INSERT INTO "job" VALUES ('${slug}-1', '${tenantId}')`);
      }
      async down(runner: QueryRunner): Promise<void> {
        await runner.query('DELETE FROM "job"');
      }
    }
    const source = tenantScoped(await open({ migrations: [Fill1700000000000] }), { context, shared: ['Country'] });
    await source.initialize();
    await expect(context.run(acme, () => source.runMigrations())).rejects.toMatchObject({ code: 'scope_refused' });
    await source.runMigrations();
    expect(await context.run(acme, () => source.getRepository(Job).count())).toBe(1);
    await source.undoLastMigration();
    expect(await context.run(globex, () => source.getRepository(Job).count())).toBe(0);
  });

  it('T12: `synchronize` while it is initialised runs outside of tenants alone', async () => {
    const source = tenantScoped(await open(), { context, shared: ['Country'] });
    await expect(context.run(acme, () => source.initialize())).rejects.toMatchObject({ code: 'scope_refused' });
    expect(source.isInitialized).toBe(false);
    await source.initialize();
    expect(await context.run(acme, () => source.getRepository(Job).count())).toBe(0);
  });

  it('T16: nobody uses a data source that TypeORM calls initialised while it is not scoped yet', async () => {
    const source = tenantScoped(await open(), { context, shared: ['Country'] });
    let early: Promise<unknown>[] = [];
    const synchronize = source.synchronize.bind(source);
    source.synchronize = async () => {
      await synchronize();
      await source.query(`INSERT INTO "job" VALUES ('1', 't_globex')`);
      expect(source.isInitialized).toBe(true);
      opening?.();
      await new Promise((resolve) => setTimeout(resolve, 10));
    };
    // Somebody else, from outside of the initialisation.
    let opening: (() => void) | undefined;
    const somebody = new Promise<void>((resolve) => {
      opening = resolve;
    }).then(() => {
      early = [source.query('SELECT * FROM "job"'), context.run(acme, () => source.getRepository(Job).find())];
      return Promise.allSettled(early);
    });
    await source.initialize();
    for (const result of await somebody) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'scope_refused' } });
    }
    expect(await context.run(globex, () => source.getRepository(Job).count())).toBe(1);
    expect(await context.run(acme, () => source.getRepository(Job).count())).toBe(0);
  });

  it('T18: on the one connection of a driver without a pool, a transaction belongs to its tenant until it ends', async () => {
    const source = tenantScoped(await open(), { context, shared: ['Country'] });
    const { manager } = await source.initialize();
    const runner = source.createQueryRunner();
    // An insert alone: nothing reads between one transaction and the next.
    const add = (tenant: Tenant, id: string) => context.run(tenant, () => manager.insert(Job, { id }));
    const begin = (tenant: Tenant) => context.run(tenant, () => runner.startTransaction());
    for (const end of ['commitTransaction', 'rollbackTransaction'] as const) {
      for (const [tenant, other] of [
        [acme, globex],
        [globex, acme],
      ] as const) {
        await begin(tenant);
        await add(tenant, `${tenant.slug}-${end}`);
        await expect(add(other, 'intruder')).rejects.toMatchObject({ code: 'query_tenant_changed' });
        await runner[end]();
      }
    }
    for (const tenant of [acme, globex]) {
      const rows = await context.run(tenant, () => manager.find(Job));
      expect(rows).toEqual([{ id: `${tenant.slug}-commitTransaction`, tenantId: tenant.id }]);
    }
  });

  it('T10: trees that TypeORM keeps with SQL of its own are refused without the floor', async () => {
    for (const type of ['nested-set', 'closure-table'] as const) {
      const Category = new EntitySchema({
        name: 'Category',
        columns: { id, tenantId: { type: String } },
        trees: [{ type }],
        relations: {
          parent: { type: 'many-to-one', treeParent: true, target: 'Category' },
          children: { type: 'one-to-many', treeChildren: true, target: 'Category', inverseSide: 'parent' },
        },
      } as ConstructorParameters<typeof EntitySchema>[0]);
      const source = tenantScoped(await open({ entities: [Category] }), { context });
      await expect(source.initialize()).rejects.toMatchObject({ code: 'scope_misconfigured' });
    }
  });

  it('T17: a data source that never asked answers as before, and destroy gives back what was changed', async () => {
    const [scoped, plain] = [await open(), await open()];
    const prototype = Object.getPrototypeOf(plain.createQueryBuilder());
    const before = prototype.createSelectExpression;
    await tenantScoped(scoped, { context, shared: ['Country'] }).initialize();
    await plain.initialize();
    expect(prototype.createSelectExpression).not.toBe(before);
    await plain.getRepository(Job).insert([
      { id: '1', tenantId: acme.id },
      { id: '2', tenantId: globex.id },
    ]);
    expect(await context.run(acme, () => plain.getRepository(Job).count())).toBe(2);
    expect(await plain.query('SELECT * FROM "job"')).toHaveLength(2);
    await scoped.destroy();
    expect(prototype.createSelectExpression).toBe(before);
    await scoped.initialize();
    await expect(scoped.getRepository(Job).find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });
});

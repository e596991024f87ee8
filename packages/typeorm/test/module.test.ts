import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { InMemoryTenantRegistry, TenancyModule, type Tenant, TenantContext } from '@tenancy/core';
import { rowLevelSecurity, TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import initSqlJs from 'sql.js';
import { DataSource, EntitySchema, type Repository } from 'typeorm';
import { describe, expect, inject, it, vi } from 'vitest';
import { TenantTypeOrmModule, type TenantTypeOrmOptionsFactory } from '../src/nest.js';

const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };

class Job {
  declare id: string;
  declare tenantId: string;
}
const id = { type: String, primary: true } as const;
const JobSchema = new EntitySchema<Job>({ name: 'Job', target: Job, columns: { id, tenantId: { type: String } } });
const CountrySchema = new EntitySchema({ name: 'Country', columns: { id } });

const driver = await initSqlJs();
const sqlite = { type: 'sqljs', driver, autoLoadEntities: true, synchronize: true } as const;
const options = { ...sqlite, shared: ['Country'] };

const tenancy = TenancyModule.forRoot({
  registry: new InMemoryTenantRegistry([acme, globex]),
  sources: [{ name: 'none', identify: () => null }],
});

@Injectable()
class Jobs {
  constructor(
    @InjectRepository(JobSchema) readonly repository: Repository<Job>,
    @Inject(TenantContext) readonly context: TenantContext,
  ) {}
}

@Injectable()
class Options implements TenantTypeOrmOptionsFactory {
  createTypeOrmOptions() {
    return options;
  }
}
@Module({ providers: [Options], exports: [Options] })
class OptionsModule {}

const features = TypeOrmModule.forFeature([JobSchema, CountrySchema]);
const started = (module: ReturnType<typeof TenantTypeOrmModule.forRoot>) =>
  Test.createTestingModule({ imports: [tenancy, module, features], providers: [Jobs] }).compile();

describe('TenantTypeOrmModule without forRoot', () => {
  it.each(['before', 'behind'])('says what to write, %s the modules that need it', async (place) => {
    vi.resetModules();
    // As in a process where nobody has called forRoot.
    const { TenantTypeOrmModule: Unregistered } = await import('../src/nest.js');
    @Module({ imports: [TypeOrmModule.forFeature([JobSchema])], providers: [Jobs] })
    class JobsModule {}
    const imports = place === 'before' ? [Unregistered, JobsModule] : [JobsModule, Unregistered];
    await expect(Test.createTestingModule({ imports: [tenancy, ...imports] }).compile()).rejects.toThrow(
      /^scope_misconfigured: TenantTypeOrmModule: it is imported without options.+`TenantTypeOrmModule\.forRoot\(/,
    );
  });

  it.each([undefined, 'other'])("beside one that is registered as %s is in nobody's way", async (name) => {
    @Module({ imports: [TenantTypeOrmModule] })
    class FeatureModule {}
    const named = name !== undefined && { name };
    const registered = TenantTypeOrmModule.forRootAsync({ ...named, useFactory: () => ({ ...options, ...named }) });
    const entities = TypeOrmModule.forFeature([JobSchema, CountrySchema], name);
    const app = await Test.createTestingModule({ imports: [FeatureModule, tenancy, registered, entities] }).compile();
    expect(app.get(getDataSourceToken(name), { strict: false })).toBeDefined();
    await app.close();
  });
});

describe('TenantTypeOrmModule', () => {
  it.each([
    ['forRoot', () => TenantTypeOrmModule.forRoot(options)],
    ['a factory', () => TenantTypeOrmModule.forRootAsync({ useFactory: async () => options })],
    [
      'injected options',
      () =>
        TenantTypeOrmModule.forRootAsync({
          imports: [OptionsModule],
          inject: [Options],
          useFactory: (given: Options) => given.createTypeOrmOptions(),
        }),
    ],
    ['useClass', () => TenantTypeOrmModule.forRootAsync({ useClass: Options })],
    ['useExisting', () => TenantTypeOrmModule.forRootAsync({ imports: [OptionsModule], useExisting: Options })],
  ])('%s: @InjectRepository() sees own rows, and no others', async (_, module) => {
    const app = await started(module());
    const { repository, context } = app.get(Jobs);
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

  it('several data sources live side by side under names', async () => {
    const archive = TenantTypeOrmModule.forRootAsync({
      name: 'archive',
      useFactory: () => ({ ...options, name: 'archive' }),
    });
    const app = await Test.createTestingModule({
      imports: [
        tenancy,
        TenantTypeOrmModule.forRoot(options),
        archive,
        features,
        TypeOrmModule.forFeature([JobSchema, CountrySchema], 'archive'),
      ],
    }).compile();
    const sources = [undefined, 'archive'].map((name) => app.get(getDataSourceToken(name), { strict: false }));
    expect(new Set(sources).size).toBe(2);
    for (const source of sources) {
      await expect(source.getRepository(Job).find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    }
    await app.close();
  });

  it('stops the start at once for an entity that nobody classified, and does not try again', async () => {
    // A second try would come long after the test's own end.
    const patient = { ...sqlite, retryDelay: 3_600_000 } as typeof sqlite;
    await expect(started(TenantTypeOrmModule.forRoot(patient))).rejects.toMatchObject({ code: 'entity_unclassified' });
  });

  it('typeorm-13: stops the start at once for a floor that does not hold, and for options of the floor', async () => {
    const database = await createDatabase(inject('postgresUrl'));
    try {
      // The tests' own role is a superuser, which no policy holds.
      for (const [extra, code] of [
        [{ isolation: rowLevelSecurity() }, 'floor_unsafe'],
        [{}, 'floor_misconfigured'],
      ] as const) {
        const module = TenantTypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          driver: { ...pg, Pool: TenantPool },
          installExtensions: false,
          extra: { context: new TenantContext(), ...extra },
          entities: [JobSchema],
          retryDelay: 3_600_000,
        });
        await expect(started(module)).rejects.toMatchObject({ code });
      }
    } finally {
      await database.stop();
    }
  });

  it('typeorm-13: holds the data source that `dataSourceFactory` makes', async () => {
    const made: DataSource[] = [];
    const app = await started(
      TenantTypeOrmModule.forRootAsync({
        useFactory: () => options,
        dataSourceFactory: async (given) => {
          expect(given).not.toHaveProperty('shared');
          made.push(new DataSource(given));
          return made[0] as DataSource;
        },
      }),
    );
    expect(app.get(getDataSourceToken())).toBe(made[0]);
    await expect(made[0]?.getRepository(Job).find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await app.close();
  });

  it('goes on trying for a database that is not there yet, as the application says', async () => {
    const asked: string[] = [];
    const nowhere = TenantTypeOrmModule.forRoot({
      type: 'postgres',
      url: 'postgres://127.0.0.1:1/nowhere',
      installExtensions: false,
      retryDelay: 1,
      toRetry: (error: { code?: string }) => asked.push(String(error.code)) < 3,
    } as never);
    await expect(started(nowhere)).rejects.toThrow();
    expect(asked).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']);
  });

  it('stops the start without a TenancyModule, and for options that have no place', async () => {
    const alone = Test.createTestingModule({ imports: [TenantTypeOrmModule.forRoot(options), features] });
    await expect(alone.compile()).rejects.toThrow(/scope_misconfigured.*TenancyModule/);
    for (const wrong of [{ dataSourceFactory: async () => null }, { context: new TenantContext() }]) {
      await expect(started(TenantTypeOrmModule.forRoot({ ...options, ...wrong } as never))).rejects.toMatchObject({
        code: 'scope_misconfigured',
      });
    }
    expect(() => TenantTypeOrmModule.forRootAsync({})).toThrow(
      expect.objectContaining({ code: 'scope_misconfigured' }),
    );
  });

  it('leaves the data source closed with `manualInitialization`, and scopes it when it is opened', async () => {
    const app = await Test.createTestingModule({
      imports: [
        tenancy,
        TenantTypeOrmModule.forRoot({ ...options, manualInitialization: true }),
        TypeOrmModule.forFeature([JobSchema, CountrySchema]),
      ],
    }).compile();
    const source = app.get(getDataSourceToken());
    expect(source.isInitialized).toBe(false);
    await source.initialize();
    await expect(source.getRepository(Job).find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await app.close();
    expect(source.isInitialized).toBe(false);
  });
});

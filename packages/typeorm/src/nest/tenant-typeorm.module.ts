import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TenantContext } from '@tenancy/core';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { misconfigured } from '../errors/misconfigured.js';
import { tenantScoped } from '../tenant-scoped.js';
import {
  checkedOptions,
  type ScopeOptions,
  type TenantTypeOrmModuleAsyncOptions,
  type TenantTypeOrmModuleOptions,
  type TenantTypeOrmOptionsFactory,
} from './tenant-typeorm-options.js';

const HAS_TENANCY = Symbol.for('@tenancy/typeorm:has-tenancy');

/** True when any application of the process has a data source of this module: beside one, the class itself is in nobody's way. */
let registered = false;

/**
 * Nest's `TypeOrmModule`, with a data source that is held to the tenant. `TypeOrmModule.forFeature` and `@InjectRepository()` go with
 * it unchanged.
 *
 * Beyond `tenantDataSourceFactory`: `forRoot` works too; an entity that nobody classified stops the start at once, where
 * `TypeOrmModule` would take it for a database that is not there yet and try for half a minute; and so does an application
 * without a `TenancyModule`, in which nothing would ever have a tenant.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { TypeOrmModule } from '@nestjs/typeorm';
 * import { TenantTypeOrmModule } from '@tenancy/typeorm/nest';
 * import { EntitySchema } from 'typeorm';
 *
 * const id = { type: String, primary: true } as const;
 * const Job = new EntitySchema({ name: 'Job', columns: { id, tenantId: { type: String } } });
 *
 * @Module({
 *   imports: [
 *     TenantTypeOrmModule.forRoot({ type: 'postgres', url: process.env.DATABASE_URL ?? '', autoLoadEntities: true, shared: ['Country'] }),
 *     TypeOrmModule.forFeature([Job]),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({
  providers: [
    {
      // Whoever imports the class itself has this one; that of forRoot takes its place. It asks for nothing, so that Nest does
      // not find a repository without a data source first.
      provide: HAS_TENANCY,
      useFactory: () => {
        if (registered) return true;
        throw misconfigured(
          'TenantTypeOrmModule: it is imported without options, and makes no data source. Import `TenantTypeOrmModule.forRoot({ … })` in the root module.',
        );
      },
    },
  ],
})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class.
export class TenantTypeOrmModule {
  /** Registers a scoped data source, in place of `TypeOrmModule.forRoot`. */
  static forRoot(options: TenantTypeOrmModuleOptions): DynamicModule {
    return TenantTypeOrmModule.forRootAsync({
      ...(options?.name !== undefined && { name: options.name }),
      useFactory: () => options,
    });
  }

  /**
   * As `forRoot`, with options that come from injection; `name` is given beside them.
   *
   * @throws `scope_misconfigured` when nothing says where the options come from.
   */
  static forRootAsync({
    imports = [],
    name,
    dataSourceFactory = (options) => new DataSource(options),
    ...source
  }: TenantTypeOrmModuleAsyncOptions): DynamicModule {
    registered = true;
    return {
      module: TenantTypeOrmModule,
      imports: [
        TypeOrmModule.forRootAsync({
          imports,
          ...(name !== undefined && { name }),
          ...optionsFrom(source, name),
          dataSourceFactory: async (options) => {
            const { shared, tenantProperty, sharedRows, allowedFunctions, ...own } = options as DataSourceOptions &
              ScopeOptions;
            // Nest initialises it, and tries again where the database is not there yet.
            return tenantScoped(await dataSourceFactory(own as DataSourceOptions), {
              ...(shared && { shared }),
              ...(tenantProperty && { tenantProperty }),
              ...(sharedRows && { sharedRows }),
              ...(allowedFunctions && { allowedFunctions }),
              context: new TenantContext(),
            });
          },
        }),
      ],
      providers: [
        {
          provide: HAS_TENANCY,
          inject: [{ token: TenantContext, optional: true }],
          useFactory: (context: TenantContext | undefined) => {
            if (context) return true;
            throw misconfigured(
              'TenantTypeOrmModule: there is no TenantContext to take the tenant from. Import `TenancyModule.forRoot(…)` of @tenancy/core in the root module.',
            );
          },
        },
      ],
    };
  }
}

function optionsFrom(
  {
    inject,
    useFactory,
    useClass,
    useExisting,
  }: Omit<TenantTypeOrmModuleAsyncOptions, 'imports' | 'name' | 'dataSourceFactory'>,
  name: string | undefined,
): Pick<Parameters<typeof TypeOrmModule.forRootAsync>[0], 'inject' | 'useFactory' | 'extraProviders'> {
  if (useFactory) {
    return {
      inject: inject ?? [],
      useFactory: async (...injected: unknown[]) => checkedOptions(await useFactory(...injected)),
    };
  }
  const factory = useClass ?? useExisting;
  if (!factory) {
    throw misconfigured(
      'TenantTypeOrmModule: forRootAsync has no source of options. Pass `useFactory`, `useClass` or `useExisting`.',
    );
  }
  return {
    inject: [factory],
    useFactory: async (made: TenantTypeOrmOptionsFactory) => checkedOptions(await made.createTypeOrmOptions(name)),
    ...(useClass && { extraProviders: [{ provide: useClass, useClass }] }),
  };
}

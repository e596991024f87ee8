import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Type,
} from '@nestjs/common';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { isTenancyError, TenantContext } from '@tenancy/core';
import { isAdapterError } from '@tenancy/core/adapter';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { isEntityClassificationError } from '../classification/entity-classification-error.js';
import { misconfigured } from '../errors/misconfigured.js';
import { isTenantScopeError } from '../errors/tenant-scope-error.js';
import { refuseSlip, SCOPE_OPTIONS } from '../options.js';
import { type TenantScopedOptions, tenantScoped } from '../tenant-scoped.js';

/** What Nest’s `TypeOrmModule` takes, and what `tenantScoped` does. */
export type TenantTypeOrmModuleOptions = TypeOrmModuleOptions & ScopeOptions;

type ScopeOptions = Omit<TenantScopedOptions, 'context'>;

/** What `forRootAsync({ useClass | useExisting })` names. */
export interface TenantTypeOrmOptionsFactory {
  createTypeOrmOptions(name?: string): TenantTypeOrmModuleOptions | Promise<TenantTypeOrmModuleOptions>;
}

/** Options of `TenantTypeOrmModule.forRootAsync`. */
export interface TenantTypeOrmModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Of the data source, for an application with several: `@InjectRepository(Job, name)`. */
  readonly name?: string;
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // biome-ignore lint/suspicious/noExplicitAny: what is injected is known to the caller alone, as in Nest’s own modules.
  readonly useFactory?: (...injected: any[]) => TenantTypeOrmModuleOptions | Promise<TenantTypeOrmModuleOptions>;
  readonly useClass?: Type<TenantTypeOrmOptionsFactory>;
  readonly useExisting?: Type<TenantTypeOrmOptionsFactory>;
  /**
   * Makes the data source that is then held to the tenant, where another library wants one of its own:
   * `async (options) => addTransactionalDataSource(new DataSource(options))`.
   * @defaultValue `new DataSource(options)`
   */
  readonly dataSourceFactory?: (options: DataSourceOptions) => DataSource | Promise<DataSource>;
}

const HAS_TENANCY = Symbol.for('@tenancy/typeorm:has-tenancy');

/** Whether any application of the process has a data source of this module: beside one, the class itself is in nobody’s way. */
let registered = false;

/**
 * Nest’s `TypeOrmModule`, with a data source that is held to the tenant. `TypeOrmModule.forFeature` and `@InjectRepository()` go with
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
      useFactory: async (...injected: unknown[]) => checked(await useFactory(...injected)),
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
    useFactory: async (made: TenantTypeOrmOptionsFactory) => checked(await made.createTypeOrmOptions(name)),
    ...(useClass && { extraProviders: [{ provide: useClass, useClass }] }),
  };
}

/** @throws `scope_misconfigured` for what has no place among the options of a scoped data source. */
function checked(options: TenantTypeOrmModuleOptions): TenantTypeOrmModuleOptions {
  for (const [option, fix] of [
    ['dataSourceFactory', 'Give it to `forRootAsync`, beside `useFactory`.'],
    ['context', 'Leave it out: it is the TenantContext of the TenancyModule.'],
  ] as const) {
    if (options && option in options)
      throw misconfigured(`TenantTypeOrmModule: the option \`${option}\` has no place here. ${fix}`);
  }
  refuseSlip('TenantTypeOrmModule', options, SCOPE_OPTIONS);
  const { toRetry } = options ?? {};
  return { ...options, toRetry: (error) => !isOurs(error) && (toRetry?.(error) ?? true) };
}

/** No second try makes an entity classified, or a role one that policies hold. */
function isOurs(error: unknown): boolean {
  if (isEntityClassificationError(error) || isTenantScopeError(error) || isTenancyError(error)) return true;
  return isAdapterError(error) && /^(?:floor_|statement_refused)/.test(error.code);
}

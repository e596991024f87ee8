import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import { isTenancyError } from '@tenancy/core';
import { isAdapterError } from '@tenancy/core/adapter';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { isEntityClassificationError } from '../errors/entity-classification-error.js';
import { misconfigured } from '../errors/misconfigured.js';
import { isTenantScopeError } from '../errors/tenant-scope-error.js';
import { refuseSlip } from '../options.js';
import { SCOPE_OPTIONS, type TenantScopedOptions } from '../tenant-scoped-options.js';

/** The options of Nest's `TypeOrmModule`, and those of `tenantScoped`. */
export type TenantTypeOrmModuleOptions = TypeOrmModuleOptions & ScopeOptions;

export type ScopeOptions = Omit<TenantScopedOptions, 'context'>;

/** The factory class of `forRootAsync({ useClass | useExisting })`. */
export interface TenantTypeOrmOptionsFactory {
  /** The options of the data source of this name, made when the application starts. */
  createTypeOrmOptions(name?: string): TenantTypeOrmModuleOptions | Promise<TenantTypeOrmModuleOptions>;
}

/** Options of `TenantTypeOrmModule.forRootAsync`. */
export interface TenantTypeOrmModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /**
   * Of the data source, for an application with several: `@InjectRepository(Job, name)`.
   * @defaultValue the default data source's
   */
  readonly name?: string;
  /**
   * Tokens of the providers that `useFactory` is called with.
   * @defaultValue `[]`
   */
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  /**
   * Makes the options.
   * @defaultValue none: then `useClass` or `useExisting` is needed
   */
  // biome-ignore lint/suspicious/noExplicitAny: what is injected is known to the caller alone, as in Nest's own modules.
  readonly useFactory?: (...injected: any[]) => TenantTypeOrmModuleOptions | Promise<TenantTypeOrmModuleOptions>;
  /**
   * A class that makes the options, created for this.
   * @defaultValue none
   */
  readonly useClass?: Type<TenantTypeOrmOptionsFactory>;
  /**
   * A provider of an imported module that makes the options.
   * @defaultValue none
   */
  readonly useExisting?: Type<TenantTypeOrmOptionsFactory>;
  /**
   * Makes the data source that is then held to the tenant, where another library wants one of its own:
   * `async (options) => addTransactionalDataSource(new DataSource(options))`.
   * @defaultValue `new DataSource(options)`
   */
  readonly dataSourceFactory?: (options: DataSourceOptions) => DataSource | Promise<DataSource>;
}

/** @throws `scope_misconfigured` for what has no place among the options of a scoped data source. */
export function checkedOptions(options: TenantTypeOrmModuleOptions): TenantTypeOrmModuleOptions {
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

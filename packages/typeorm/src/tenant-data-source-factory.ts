import { TenantContext } from '@tenancy/core';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { refuseUnknown } from './options.js';
import { tenantScoped } from './tenant-scoped.js';
import { SCOPE_OPTIONS, type TenantScopedOptions } from './tenant-scoped-options.js';

/** The options of {@link tenantScoped}; the context is the application's own unless it is given. */
export type TenantDataSourceFactoryOptions = Omit<TenantScopedOptions, 'context'> &
  Partial<Pick<TenantScopedOptions, 'context'>>;

/**
 * For Nest's `TypeOrmModule`: makes its data source, and holds it to the tenant. `@InjectRepository()` works as before.
 *
 * @throws `scope_misconfigured` for an unknown option.
 *
 * @example
 * ```ts
 * import { TypeOrmModule } from '@nestjs/typeorm';
 * import { tenantDataSourceFactory } from '@tenancy/typeorm';
 *
 * TypeOrmModule.forRootAsync({
 *   useFactory: () => ({ type: 'postgres', url: process.env.DATABASE_URL ?? 'postgres://localhost/app', autoLoadEntities: true }),
 *   dataSourceFactory: tenantDataSourceFactory({ shared: ['Country'] }),
 * });
 * ```
 */
export function tenantDataSourceFactory(given: TenantDataSourceFactoryOptions = {}) {
  refuseUnknown('tenantDataSourceFactory', given, ['context', ...SCOPE_OPTIONS]);
  const { context = new TenantContext(), ...options } = given;
  return async (dataSourceOptions?: DataSourceOptions): Promise<DataSource> => {
    if (!dataSourceOptions) throw new TypeError('tenantDataSourceFactory: TypeOrmModule passed no options.');
    // Nest initialises it, unless `manualInitialization` leaves that to the application.
    return tenantScoped(new DataSource(dataSourceOptions), { ...options, context });
  };
}

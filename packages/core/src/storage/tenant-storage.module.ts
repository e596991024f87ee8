import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { TenantStorageAdmin } from '../admin/tenant-storage-admin.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import type { ResolvedTenancyOptions } from '../tenancy.options.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import { folderOf } from './file-key.js';
import type { FileStore } from './file-store.js';
import { Files } from './files.js';
import { TenantStorage } from './tenant-storage.js';

/** Options of {@link TenantStorageModule}. */
export interface TenantStorageModuleOptions {
  /** The place of all files: `diskStore(…)`, `s3Store(…)`, or one of your own. */
  readonly store: FileStore;
}

/** The class that `forRootAsync({ useClass | useExisting })` takes. */
export interface TenantStorageOptionsFactory {
  /** The options, made when the application starts. */
  create(): TenantStorageModuleOptions | Promise<TenantStorageModuleOptions>;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenantStorageModuleOptions>({ moduleName: 'TenantStorage' })
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/**
 * Files of tenants: provides {@link TenantStorage}, everywhere.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { diskStore, TenantStorageModule } from '@tenancy/core/storage';
 *
 * @Module({ imports: [TenantStorageModule.forRoot({ store: diskStore({ root: '/var/lib/app/files' }) })] })
 * export class AppModule {}
 * ```
 */
@Module({
  providers: [
    { provide: TenantStorage, useFactory: storageOf, inject: [MODULE_OPTIONS_TOKEN] },
    {
      provide: TenantStorageAdmin,
      useFactory: ({ store }: TenantStorageModuleOptions, options?: Pick<ResolvedTenancyOptions, 'audit'>) =>
        new TenantStorageAdmin((id) => new Files(store, () => folderOf('t', id)), options?.audit),
      inject: [MODULE_OPTIONS_TOKEN, { token: RESOLVED_OPTIONS, optional: true }],
    },
  ],
  exports: [TenantStorage, TenantStorageAdmin],
})
export class TenantStorageModule extends ConfigurableModuleClass {
  /**
   * Registers the tenants' files, once, in the root module.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    storageOf(options);
    return super.forRoot(options);
  }

  /** As `forRoot`, with options that come from injection; they are validated when the module is built. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}

function storageOf(options: TenantStorageModuleOptions): TenantStorage {
  refuseUnknown('TenantStorageModule', options, ['store']);
  return new TenantStorage(options?.store);
}

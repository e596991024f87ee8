import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { LIFECYCLE_OPTIONS, resolveLifecycleOptions, type TenantLifecycleOptions } from './lifecycle-options.js';
import { TenantHooks } from './tenant-hooks.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenantLifecycleOptions>({ moduleName: 'TenantLifecycle' })
    .setClassMethodName('forRoot')
    .build();

/**
 * Calls the methods with `@OnTenant` when something happens to a tenant, in whichever process. Import it beside `TenancyModule`.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { TenantLifecycleModule } from '@tenancy/core/lifecycle';
 *
 * @Module({ imports: [TenantLifecycleModule.forRoot({})] })
 * class AppModule {}
 * ```
 */
@Module({
  providers: [
    TenantHooks,
    {
      provide: LIFECYCLE_OPTIONS,
      useFactory: (options: TenantLifecycleOptions) => resolveLifecycleOptions(options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
  ],
})
export class TenantLifecycleModule extends ConfigurableModuleClass {
  /**
   * Registers the delivery of tenants' events, once, in the root module.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    resolveLifecycleOptions(options);
    return super.forRoot(options);
  }

  /** As `forRoot`, with options that come from injection; they are validated when the module is built. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}

import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { OUTBOX_OPTIONS, type OutboxModuleOptions } from './outbox-options.js';
import { OutboxRelay } from './outbox-relay.js';
import { resolveOutboxOptions } from './resolve-outbox-options.js';
import { TenantOutbox } from './tenant-outbox.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<OutboxModuleOptions>({ moduleName: 'TenantOutbox' })
    .setClassMethodName('forRoot')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/**
 * The transactional outbox: {@link TenantOutbox} to add events with, and what takes them to their queues.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { postgresOutbox, TenantOutboxModule } from '@tenancy/core/events';
 *
 * declare const TENANT_POOL: symbol; // the token of your pool
 *
 * @Module({
 *   imports: [
 *     TenantOutboxModule.forRootAsync({
 *       inject: [TENANT_POOL],
 *       useFactory: (pool: object) => ({ store: postgresOutbox({ pool }), queues: ['mails'] }),
 *     }),
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({
  providers: [
    TenantOutbox,
    OutboxRelay,
    {
      provide: OUTBOX_OPTIONS,
      useFactory: (options: OutboxModuleOptions) => resolveOutboxOptions(options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
  ],
  exports: [TenantOutbox],
})
export class TenantOutboxModule extends ConfigurableModuleClass {
  /**
   * Registers the outbox, once, in the root module.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    resolveOutboxOptions(options);
    return super.forRoot(options);
  }

  /** As `forRoot`, with options that come from injection; they are validated when the module is built. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}

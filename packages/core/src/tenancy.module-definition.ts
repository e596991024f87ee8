import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { TenancyOptions } from './tenancy.options.js';

/** What `TenancyModule.forRoot` and `forRootAsync` take beside the options. */
export interface TenancyModuleExtras {
  /**
   * Whether every module can inject what this one exports.
   * @defaultValue `true`
   */
  readonly isGlobal?: boolean | undefined;
}

/** What `forRootAsync({ useClass | useExisting })` names. */
export interface TenancyOptionsFactory {
  createTenancyOptions(): TenancyOptions | Promise<TenancyOptions>;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenancyOptions>({ optionsInjectionToken: Symbol.for('@tenancy/core:options') })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTenancyOptions')
    .setExtras<TenancyModuleExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? true,
    }))
    .build();

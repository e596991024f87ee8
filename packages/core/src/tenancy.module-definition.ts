import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { TenancyOptions } from './tenancy.options.js';

/** Options of `TenancyModule.forRoot` and `forRootAsync` beside those of tenancy itself. */
export interface TenancyModuleExtras {
  /**
   * Lets every module inject what this one exports.
   * @defaultValue `true`
   */
  readonly isGlobal?: boolean | undefined;
}

/** The class that `forRootAsync({ useClass | useExisting })` takes. */
export interface TenancyOptionsFactory {
  /** The options, made when the application starts. */
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

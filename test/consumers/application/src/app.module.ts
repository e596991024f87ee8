import { type DynamicModule, Module } from '@nestjs/common';
import { TenancyModule } from '@tenancy/core';
import { Companies, CompaniesModule, optionsOf, TenancyConfig, TenancyConfigModule } from './companies.js';
import { JobsController } from './jobs.controller.js';

/** The four ways to register. */
export const registrations = {
  forRoot: () => TenancyModule.forRoot(optionsOf(new Companies())),
  useFactory: () =>
    TenancyModule.forRootAsync({ imports: [CompaniesModule], inject: [Companies], useFactory: optionsOf }),
  useClass: () => TenancyModule.forRootAsync({ imports: [CompaniesModule], useClass: TenancyConfig }),
  useExisting: () => TenancyModule.forRootAsync({ imports: [TenancyConfigModule], useExisting: TenancyConfig }),
} satisfies Record<string, () => DynamicModule>;

/** The application, with its tenancy registered in one of them. */
export function appModule(registration: keyof typeof registrations): new () => object {
  @Module({ imports: [registrations[registration]()], controllers: [JobsController] })
  class AppModule {}
  return AppModule;
}

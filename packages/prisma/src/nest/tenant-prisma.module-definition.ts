import { ConfigurableModuleBuilder } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { misconfigured } from '../errors/misconfigured.js';
import { scopedClientOf } from '../tenant-scoped.js';
import type { PrismaClientLike } from '../tenant-scoped-client.js';
import { getTenantPrismaToken } from './inject-tenant-prisma.decorator.js';
import { askDatabase, PrismaLifecycle } from './prisma-lifecycle.js';
import { checkedOptions, type TenantPrismaOptions } from './tenant-prisma-options.js';

/** The extras of `forRoot` and `forRootAsync`, beside the options. */
export interface TenantPrismaModuleExtras {
  /**
   * For an application with several clients: `@InjectTenantPrisma(name)`.
   */
  readonly name?: string | undefined;
  /**
   * True when every module can inject the client.
   * @defaultValue `true`
   */
  readonly isGlobal?: boolean;
}

/** The factory class of `forRootAsync({ useClass | useExisting })`. */
export interface TenantPrismaOptionsFactory {
  /** The options, made when the application starts. */
  createTenantPrismaOptions(): TenantPrismaOptions | Promise<TenantPrismaOptions>;
}

export const OPTIONS = Symbol.for('@tenancy/prisma:options');

/** Nest takes what is named here out of the options. */
const EXTRAS: TenantPrismaModuleExtras = { name: undefined, isGlobal: true };

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenantPrismaOptions>({ optionsInjectionToken: OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTenantPrismaOptions')
    .setExtras<TenantPrismaModuleExtras>(EXTRAS, (definition, { name, isGlobal }) => {
      const token = getTenantPrismaToken(name);
      return {
        ...definition,
        global: isGlobal ?? true,
        providers: [
          ...(definition.providers ?? []),
          {
            provide: token,
            inject: [OPTIONS, { token: TenantContext, optional: true }],
            useFactory: (given: TenantPrismaOptions, context: TenantContext | undefined) => {
              const { prisma, ...options } = checkedOptions(given);
              if (!context) throw noTenancy();
              return scopedClientOf(prisma, { ...options, context }, null);
            },
          },
          {
            provide: PrismaLifecycle,
            inject: [token, OPTIONS],
            useFactory: (client: PrismaClientLike, { prisma, floor }: TenantPrismaOptions) =>
              new PrismaLifecycle(client, () => askDatabase(prisma, floor)),
          },
        ],
        exports: [token],
      };
    })
    .build();

/** Nest would only say that an argument at index [1] is not available. */
function noTenancy(): Error {
  return misconfigured(
    'TenantPrismaModule: there is no TenantContext to take the tenant from. Import `TenancyModule.forRoot(…)` of @tenancy/core in the root module.',
  );
}

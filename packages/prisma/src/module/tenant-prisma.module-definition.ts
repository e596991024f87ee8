import { ConfigurableModuleBuilder } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import type { ClientPerSchemaOptions, TenantScopedOptions } from '../tenant-scoped.js';
import { scopedClientOf } from '../tenant-scoped.js';
import type { PrismaClientLike } from '../tenant-scoped-client.js';
import { getTenantPrismaToken } from './inject-tenant-prisma.decorator.js';
import { TenantPrismaLifecycle } from './tenant-prisma-lifecycle.js';

/** What `tenantScoped` takes. The context comes from the `TenancyModule`. */
export type TenantPrismaOptions =
  | (Omit<TenantScopedOptions, 'context'> & { readonly prisma: PrismaClientLike })
  | (Omit<ClientPerSchemaOptions, 'context'> & {
      readonly prisma: (place: { readonly schema: string }) => PrismaClientLike;
    });

/** What `forRoot` and `forRootAsync` take beside the options. */
export interface TenantPrismaModuleExtras {
  /**
   * For an application with several clients: `@InjectTenantPrisma(name)`.
   */
  readonly name?: string;
  /**
   * Whether every module can inject the client.
   * @defaultValue `true`
   */
  readonly isGlobal?: boolean;
}

/** What `forRootAsync({ useClass | useExisting })` names. */
export interface TenantPrismaOptionsFactory {
  createTenantPrismaOptions(): TenantPrismaOptions | Promise<TenantPrismaOptions>;
}

const OPTIONS = Symbol.for('@tenancy/prisma:options');

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenantPrismaOptions>({ optionsInjectionToken: OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTenantPrismaOptions')
    .setExtras<TenantPrismaModuleExtras>({}, (definition, { name, isGlobal }) => {
      const token = getTenantPrismaToken(name);
      return {
        ...definition,
        global: isGlobal ?? true,
        providers: [
          ...(definition.providers ?? []),
          {
            provide: token,
            inject: [OPTIONS, TenantContext],
            useFactory: ({ prisma, ...options }: TenantPrismaOptions, context: TenantContext) =>
              scopedClientOf(prisma, { ...options, context }, null),
          },
          {
            provide: TenantPrismaLifecycle,
            inject: [token, OPTIONS],
            useFactory: (client: PrismaClientLike, { floor }: TenantPrismaOptions) =>
              new TenantPrismaLifecycle(client, floor),
          },
        ],
        exports: [token],
      };
    })
    .build();

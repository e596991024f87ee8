import { type DynamicModule, Module } from '@nestjs/common';
import { misconfigured } from '../errors/misconfigured.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS,
  type OPTIONS_TYPE,
} from './tenant-prisma.module-definition.js';
import { checkedOptions, type TenantPrismaOptions } from './tenant-prisma-options.js';

/** True when any application of the process has a client of this module: beside one, the class itself is in nobody's way. */
let registered = false;

/**
 * Provides the scoped client by `@InjectTenantPrisma()`. It needs the `TenancyModule`, which provides the context.
 *
 * When the application starts, the floor is verified, or without one the database is asked whether it is there. When the
 * application shuts down, the client disconnects; a pool that was given to its adapter is ended by who made it.
 *
 * @example
 * ```ts
 * import { Injectable, Module } from '@nestjs/common';
 * import { PrismaPg } from '@prisma/adapter-pg';
 * import type { TenantScopedClient } from '@tenancy/prisma';
 * import { InjectTenantPrisma, TenantPrismaModule } from '@tenancy/prisma/nest';
 * import { PrismaClient } from './generated/client.js';
 *
 * const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
 *
 * @Module({
 *   imports: [TenantPrismaModule.forRoot({ prisma: new PrismaClient({ adapter }), shared: ['Country'] })],
 * })
 * class DatabaseModule {}
 *
 * @Injectable()
 * class JobsService {
 *   constructor(@InjectTenantPrisma() private readonly prisma: TenantScopedClient<PrismaClient>) {}
 *
 *   list() {
 *     return this.prisma.job.findMany();
 *   }
 * }
 * ```
 */
@Module({
  providers: [
    {
      // Whoever imports the class itself has this one; that of forRoot takes its place. It asks for nothing, so that Nest does
      // not find a service without its client first.
      provide: OPTIONS,
      useFactory: () => {
        if (registered) return null;
        throw misconfigured(
          'TenantPrismaModule: it is imported without options, and provides no client. Import `TenantPrismaModule.forRoot({ prisma })` in the root module.',
        );
      },
    },
  ],
})
export class TenantPrismaModule extends ConfigurableModuleClass {
  /**
   * Registers a scoped client, under the name of the options or as the only one.
   * @throws `scope_misconfigured` without a client; what else is wrong is found when the module is built.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    const { name: _, isGlobal: __, ...own } = options ?? {};
    checkedOptions(own as TenantPrismaOptions);
    registered = true;
    return super.forRoot(options);
  }

  /**
   * As `forRoot`, with options that come from injection; `name` is given beside them.
   *
   * @throws `scope_misconfigured` when nothing says where the options come from.
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    if (!(options?.useFactory ?? options?.useClass ?? options?.useExisting)) {
      throw misconfigured(
        'TenantPrismaModule: forRootAsync has no source of options. Pass `useFactory`, `useClass` or `useExisting`.',
      );
    }
    registered = true;
    return super.forRootAsync(options);
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
} from './tenant-prisma.module-definition.js';

/**
 * Provides the scoped client by `@InjectTenantPrisma()`: verified or connected when the application starts, disconnected
 * when it ends. It needs the `TenancyModule`, which provides the context.
 *
 * @example
 * ```ts
 * import { Injectable, Module } from '@nestjs/common';
 * import { PrismaPg } from '@prisma/adapter-pg';
 * import { InjectTenantPrisma, TenantPrismaModule, type TenantScopedClient } from '@tenancy/prisma';
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
@Module({})
export class TenantPrismaModule extends ConfigurableModuleClass {
  /** @throws `scope_misconfigured` without a client; what else is wrong is found when the module is built. */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    if (options?.prisma === undefined || options.prisma === null) {
      throw new TenantScopeError(
        'scope_misconfigured',
        'TenantPrismaModule.forRoot: the option `prisma` is missing. Pass a PrismaClient.',
      );
    }
    return super.forRoot(options);
  }

  /** As `forRoot`, with options that come from injection. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}

import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TenantContext } from '@tenancy/core';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { PrismaErrorsFilter } from './prisma-errors.filter.js';
import { createTenantPrisma, InjectPrisma, TENANT_PRISMA, type TenantPrisma } from './tenant-prisma.js';

@Global()
@Module({
  providers: [
    {
      provide: TENANT_PRISMA,
      inject: [DEPLOYMENT, TenantContext],
      useFactory: ({ databaseUrl }: Deployment, context: TenantContext) => createTenantPrisma(databaseUrl, context),
    },
    { provide: APP_FILTER, useClass: PrismaErrorsFilter },
  ],
  exports: [TENANT_PRISMA],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@InjectPrisma() private readonly prisma: TenantPrisma) {}

  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
  }
}

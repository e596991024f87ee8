import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TenantContext } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { PrismaErrorsFilter } from './prisma-errors.filter.js';
import { InjectPool, openTenantPool, TENANT_POOL } from './tenant-pool.js';
import { createTenantPrisma, InjectPrisma, TENANT_PRISMA, type TenantPrisma } from './tenant-prisma.js';

@Global()
@Module({
  providers: [
    {
      provide: TENANT_POOL,
      inject: [DEPLOYMENT, TenantContext],
      useFactory: ({ databaseUrl }: Deployment, context: TenantContext) => openTenantPool(databaseUrl, context),
    },
    { provide: TENANT_PRISMA, inject: [TENANT_POOL, TenantContext], useFactory: createTenantPrisma },
    { provide: APP_FILTER, useClass: PrismaErrorsFilter },
  ],
  exports: [TENANT_PRISMA],
})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @InjectPool() private readonly pool: TenantPool,
    @InjectPrisma() private readonly prisma: TenantPrisma,
  ) {}

  /** A database that does not hold companies apart stops the start, and not the first request. */
  onModuleInit(): Promise<void> {
    return this.pool.verify();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
    await this.pool.end();
  }
}

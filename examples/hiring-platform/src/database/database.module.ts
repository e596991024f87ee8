import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { PrismaPg } from '@prisma/adapter-pg';
import type { TenantPool } from '@tenancy/postgres';
import { TenantPrismaModule } from '@tenancy/prisma';
import { PrismaClient } from '../generated/client.js';
import { tenancySchema } from '../generated/tenancy.js';
import { PrismaErrorsFilter } from './prisma-errors.filter.js';
import { TENANT_POOL, TenantPoolModule } from './tenant-pool.js';

@Module({
  imports: [
    TenantPoolModule,
    // It verifies the pool when the application starts: a database that does not hold companies apart stops the start.
    TenantPrismaModule.forRootAsync({
      inject: [TENANT_POOL],
      useFactory: (floor: TenantPool) => ({
        prisma: new PrismaClient({ adapter: new PrismaPg(floor) }),
        schema: tenancySchema,
        shared: ['Company'],
        floor,
      }),
    }),
  ],
  providers: [{ provide: APP_FILTER, useClass: PrismaErrorsFilter }],
})
export class DatabaseModule {}

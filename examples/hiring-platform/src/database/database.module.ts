import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { rowLevelSecurity, TenantPool } from '@tenancy/postgres';
import { TenantPrismaModule } from '@tenancy/prisma/nest';
import { tenantDataSourceFactory } from '@tenancy/typeorm';
import pg from 'pg';
import { PrismaClient } from '../generated/client.js';
import { tenancySchema } from '../generated/tenancy.js';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { PrismaErrorsFilter } from './prisma-errors.filter.js';
import { TENANT_POOL, TenantPoolModule } from './tenant-pool.js';
import { TypeOrmErrorsFilter } from './typeorm-errors.filter.js';

@Module({
  imports: [
    TenantPoolModule,
    // Both verify their pool when the application starts: a database that does not hold companies apart stops the start.
    TenantPrismaModule.forRootAsync({
      inject: [TENANT_POOL],
      useFactory: (floor: TenantPool) => ({
        prisma: new PrismaClient({
          adapter: new PrismaPg(floor),
          // A write that waits for a connection in a busy moment is late, and not an error.
          transactionOptions: { maxWait: 15_000, timeout: 15_000 },
        }),
        schema: tenancySchema,
        shared: ['Company'],
        floor,
      }),
    }),
    TypeOrmModule.forRootAsync({
      inject: [DEPLOYMENT, TenantContext],
      useFactory: ({ databaseUrl: url }: Deployment, context: TenantContext) => ({
        type: 'postgres',
        url,
        // TypeORM makes its pool itself, and closes it.
        driver: { ...pg, Pool: TenantPool },
        extra: { context, isolation: rowLevelSecurity() },
        installExtensions: false,
        autoLoadEntities: true,
        retryAttempts: 0,
      }),
      dataSourceFactory: tenantDataSourceFactory(),
    }),
  ],
  providers: [
    { provide: APP_FILTER, useClass: PrismaErrorsFilter },
    { provide: APP_FILTER, useClass: TypeOrmErrorsFilter },
  ],
})
export class DatabaseModule {}

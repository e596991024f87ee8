import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TenantContext } from '@tenancy/core';
import { TenantPool } from '@tenancy/postgres';
import { tenantDataSourceFactory } from '@tenancy/typeorm';
import pg from 'pg';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { isolations } from './isolation.js';
import { PrismaModule } from './prisma.module.js';
import { PrismaErrorsFilter } from './prisma-errors.filter.js';
import { TypeOrmErrorsFilter } from './typeorm-errors.filter.js';

@Module({
  imports: [
    PrismaModule,
    // Verifies its pool, too.
    TypeOrmModule.forRootAsync({
      inject: [DEPLOYMENT, TenantContext],
      useFactory: ({ databaseUrl: url, isolation }: Deployment, context: TenantContext) => ({
        type: 'postgres',
        url,
        // TypeORM makes its pool itself, and closes it.
        driver: { ...pg, Pool: TenantPool },
        extra: { context, isolation: isolations[isolation].ofPool() },
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

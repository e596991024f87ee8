import { type DynamicModule, Module } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenancyModule } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { TenantPrismaModule } from '@tenancy/prisma';
import { Companies, optionsOf } from './companies.js';
import { PrismaClient } from './generated/client.js';
import { tenancySchema } from './generated/tenancy.js';
import { OfficesController, POOL } from './offices.controller.js';

/** Prisma over a pool that carries the tenant, on a real PostgreSQL. */
@Module({})
export class OfficesModule {
  static over(pool: TenantPool): DynamicModule {
    return {
      module: OfficesModule,
      imports: [
        TenancyModule.forRoot(optionsOf(new Companies())),
        TenantPrismaModule.forRoot({
          prisma: new PrismaClient({ adapter: new PrismaPg(pool) }),
          schema: tenancySchema,
          shared: ['Country'],
          floor: pool,
        }),
      ],
      controllers: [OfficesController],
      providers: [{ provide: POOL, useValue: pool }],
    };
  }
}

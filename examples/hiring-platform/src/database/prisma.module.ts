import { Module } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import type { TenantPool } from '@tenancy/postgres';
import { TenantPrismaModule } from '@tenancy/prisma/nest';
import { PrismaClient } from '../generated/client.js';
import { tenancySchema } from '../generated/tenancy.js';
import { TENANT_POOL, TenantPoolModule } from './tenant-pool.js';

/** Prisma on the tenant's connections: of the platform, and of each service beside it. */
@Module({
  imports: [
    TenantPoolModule,
    // Verifies its pool when the application starts: a database that does not hold companies apart stops the start.
    TenantPrismaModule.forRootAsync({
      inject: [TENANT_POOL],
      useFactory: (floor: TenantPool) => {
        const clientOf = ({ schema }: { readonly schema: string }) =>
          new PrismaClient({
            adapter: new PrismaPg(floor, { schema }),
            // A write that waits for a connection in a busy moment is late, and not an error.
            transactionOptions: { maxWait: 15_000, timeout: 15_000 },
          });
        const options = { schema: tenancySchema, floor };
        // Prisma writes the schema into its SQL, so each schema has a client of its own.
        if (floor.strategy === 'schema-per-tenant') return { prisma: clientOf, ...options };
        return { prisma: clientOf({ schema: 'public' }), ...options };
      },
    }),
  ],
})
export class PrismaModule {}

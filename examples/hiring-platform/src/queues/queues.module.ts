import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { TenantBullModule } from '@tenancy/core/bullmq';
import { postgresOutbox, TenantOutboxModule } from '@tenancy/core/events';
import type { TenantPool } from '@tenancy/postgres';
import { TENANT_POOL } from '../database/tenant-pool.js';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { queueOptions } from './queue-options.js';

/** Work that runs later. Each job runs as the company that has added it. */
@Module({
  imports: [
    TenantBullModule.forRootAsync({
      inject: [DEPLOYMENT],
      useFactory: (deployment: Deployment) => ({ ...queueOptions(deployment), fairness: true }),
    }),
    BullModule.registerQueue({
      name: 'mails',
      defaultJobOptions: { attempts: 5, backoff: { type: 'exponential', delay: 1_000 }, removeOnComplete: 1_000 },
    }),
    TenantOutboxModule.forRootAsync({
      inject: [TENANT_POOL],
      useFactory: (pool: TenantPool) => ({ store: postgresOutbox({ pool }), queues: ['mails'] }),
    }),
  ],
  exports: [BullModule],
})
export class QueuesModule {}

import { Module } from '@nestjs/common';
import { TenantScheduleModule } from '@tenancy/core/schedule';
import { AdminModule } from '../admin/admin.module.js';
import { AdminPool } from '../admin/admin-pool.js';
import { MailsController } from './mails.controller.js';
import { MailsProcessor } from './mails.processor.js';
import { MailsService } from './mails.service.js';
import { NightlyDigest } from './nightly-digest.js';

@Module({
  imports: [
    AdminModule,
    TenantScheduleModule.forRoot({ lock: { table: AdminPool, tableName: 'operations.tenancy_schedule' } }),
  ],
  controllers: [MailsController],
  providers: [MailsService, MailsProcessor, NightlyDigest],
  exports: [MailsService],
})
export class MailsModule {}

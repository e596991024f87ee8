import { Module } from '@nestjs/common';
import { AuditLogModule } from '../audit-log/audit-log.module.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';

@Module({ imports: [AuditLogModule], controllers: [JobsController], providers: [JobsService], exports: [JobsService] })
export class JobsModule {}

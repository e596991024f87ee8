import { Controller, Get, Query } from '@nestjs/common';
import { AuditLogService } from './audit-log.service.js';
import { type AuditLogPage, auditLogPage } from './audit-log-page.js';

@Controller('audit-log')
export class AuditLogController {
  constructor(private readonly auditLog: AuditLogService) {}

  @Get()
  list(@Query({ schema: auditLogPage }) page: AuditLogPage) {
    return this.auditLog.list(page);
  }
}

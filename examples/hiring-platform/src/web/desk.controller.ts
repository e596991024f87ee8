import { Body, Controller, Get, Post, Redirect } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { ApplicationsService } from '../applications/applications.service.js';
import { AuditLogService } from '../audit-log/audit-log.service.js';
import { AuthService } from '../auth/auth.service.js';
import { CurrentRecruiter } from '../auth/current-recruiter.decorator.js';
import type { Recruiter } from '../auth/recruiter.js';
import { type NewInvoice, newInvoice } from '../billing/invoice-requests.js';
import { InvoicesService } from '../billing/invoices.service.js';
import { type NewCandidate, newCandidate } from '../candidates/candidate.js';
import { CandidatesService } from '../candidates/candidates.service.js';
import { MailsService } from '../mails/mails.service.js';
import { StatisticsService } from '../statistics/statistics.service.js';
import { Page } from './page.decorator.js';
import { activityPage, candidatesPage, deskPage, invoicesPage } from './views/desk-pages.js';

/** Pages of recruiters. They ask the same services as the API, and name no company either. */
@Controller('desk')
export class DeskController {
  constructor(
    private readonly tenant: TenantContext,
    private readonly auth: AuthService,
    private readonly statistics: StatisticsService,
    private readonly applications: ApplicationsService,
    private readonly auditLog: AuditLogService,
    private readonly candidates: CandidatesService,
    private readonly invoices: InvoicesService,
    private readonly mails: MailsService,
  ) {}

  @Page()
  @Get()
  async desk(@CurrentRecruiter() { sub }: Recruiter): Promise<string> {
    const [who, numbers, stages, latest] = await Promise.all([
      this.auth.profile(sub),
      this.statistics.now(),
      this.applications.pipeline(),
      this.auditLog.list({ page: 1, size: 8 }),
    ]);
    return deskPage(this.tenant.current(), who, numbers, stages, latest);
  }

  @Page()
  @Get('candidates')
  async listCandidates(): Promise<string> {
    return candidatesPage(this.tenant.current(), await this.candidates.list());
  }

  @Page()
  @Post('candidates')
  @Redirect('/desk/candidates', 303)
  async addCandidate(
    @Body({ schema: newCandidate }) candidate: NewCandidate,
    @CurrentRecruiter() recruiter: Recruiter,
  ) {
    await this.candidates.create(candidate, recruiter);
  }

  @Page()
  @Get('invoices')
  async listInvoices(): Promise<string> {
    const invoices = await this.invoices.list({ sort: 'month', order: 'desc' });
    return invoicesPage(this.tenant.current(), invoices);
  }

  @Page()
  @Post('invoices')
  @Redirect('/desk/invoices', 303)
  async addInvoice(@Body({ schema: newInvoice }) invoice: NewInvoice, @CurrentRecruiter() recruiter: Recruiter) {
    await this.invoices.create(invoice, recruiter);
  }

  @Page()
  @Get('activity')
  async activity(): Promise<string> {
    const [log, mails] = await Promise.all([this.auditLog.list({ page: 1, size: 50 }), this.mails.list()]);
    return activityPage(this.tenant.current(), log, mails);
  }
}

import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { TenantOutbox } from '@tenancy/core/events';
import { InjectTenantPrisma } from '@tenancy/prisma';
import { AuditLogService } from '../audit-log/audit-log.service.js';
import type { Recruiter } from '../auth/recruiter.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { LiveGateway } from '../live/live.gateway.js';
import { ScreeningClient } from '../screening/screening.client.js';
import type { ApplicationChange, NewApplication, StageCount } from './application.js';

@Injectable()
export class ApplicationsService {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly auditLog: AuditLogService,
    private readonly outbox: TenantOutbox,
    private readonly live: LiveGateway,
    private readonly screening: ScreeningClient,
  ) {}

  list() {
    return this.prisma.application.findMany({ orderBy: { createdAt: 'asc' } });
  }

  async find(id: string) {
    const application = await this.prisma.application.findUnique({ where: { id } });
    if (!application) throw new NotFoundException();
    return application;
  }

  /** With its candidate, its job and its notes. */
  async findWhole(id: string) {
    const application = await this.prisma.application.findUnique({
      where: { id },
      include: { candidate: true, job: true, notes: { include: { author: true }, orderBy: { createdAt: 'asc' } } },
    });
    if (!application) throw new NotFoundException();
    return application;
  }

  /**
   * For a job that is open, which nobody closes meanwhile. A candidate of another company is refused by the foreign key, as one that does
   * not exist. The mail to the candidate is queued if, and only if, all of it commits. Who watches the job is told afterwards, and the
   * screening service asked.
   */
  async create(data: NewApplication, recruiter: Recruiter) {
    const application = await this.prisma.$transaction(async (transaction) => {
      const [job] = await transaction.$queryRaw<{ open: boolean }[]>`
        select open from job where id = ${data.jobId}::uuid for share`;
      if (!job) throw new NotFoundException();
      if (!job.open) throw new ConflictException('job_closed');
      const application = await transaction.application.create({ data });
      await this.auditLog.record(recruiter, 'application.created', application.id, transaction);
      await this.outbox.add(transaction, 'mails', 'application-received', { applicationId: application.id });
      return application;
    });
    this.live.tell(application);
    return { ...application, screening: await this.screening.screen({ candidateId: data.candidateId }) };
  }

  /**
   * How many applications are in which stage. The SQL names no company: PostgreSQL itself shows it the rows of the current
   * one.
   */
  pipeline() {
    return this.prisma.$queryRaw<StageCount[]>`
      select stage, count(*)::int as applications from application group by stage order by stage`;
  }

  change(id: string, data: ApplicationChange, recruiter: Recruiter) {
    return this.prisma.$transaction(async (transaction) => {
      const application = await transaction.application.update({ where: { id }, data });
      await this.auditLog.record(recruiter, 'application.changed', id, transaction);
      return application;
    });
  }
}

import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import { AuditLogService } from '../audit-log/audit-log.service.js';
import type { Recruiter } from '../auth/recruiter.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { JobChange, NewJob } from './job.js';

@Injectable()
export class JobsService {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly auditLog: AuditLogService,
  ) {}

  /** The jobs that the careers page shows. */
  listOpen() {
    return this.prisma.job.findMany({ where: { open: true }, orderBy: { title: 'asc' } });
  }

  async findOpen(id: string) {
    const job = await this.prisma.job.findFirst({ where: { id, open: true } });
    if (!job) throw new NotFoundException();
    return job;
  }

  /** All jobs, for the company's recruiters. */
  list() {
    return this.prisma.job.findMany({
      orderBy: { title: 'asc' },
      include: { _count: { select: { applications: true } } },
    });
  }

  /** With who has applied, for the company's recruiters. */
  async find(id: string) {
    const job = await this.prisma.job.findUnique({
      where: { id },
      include: { applications: { include: { candidate: true }, orderBy: { createdAt: 'desc' } } },
    });
    if (!job) throw new NotFoundException();
    return job;
  }

  /** The job and the entry about it are one transaction. */
  create(data: NewJob, recruiter: Recruiter) {
    return this.prisma.$transaction(async (transaction) => {
      const job = await transaction.job.create({ data });
      await this.auditLog.record(recruiter, 'job.created', job.id, transaction);
      return job;
    });
  }

  change(id: string, data: JobChange, recruiter: Recruiter) {
    return this.prisma.$transaction(async (transaction) => {
      const job = await transaction.job.update({ where: { id }, data });
      await this.auditLog.record(recruiter, 'job.changed', id, transaction);
      return job;
    });
  }
}

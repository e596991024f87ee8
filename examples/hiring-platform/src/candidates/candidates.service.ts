import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import { AuditLogService } from '../audit-log/audit-log.service.js';
import type { Recruiter } from '../auth/recruiter.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { CandidateChange, NewCandidate } from './candidate.js';

@Injectable()
export class CandidatesService {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly auditLog: AuditLogService,
  ) {}

  list() {
    return this.prisma.candidate.findMany({ orderBy: { name: 'asc' } });
  }

  async find(id: string) {
    const candidate = await this.prisma.candidate.findUnique({ where: { id } });
    if (!candidate) throw new NotFoundException();
    return candidate;
  }

  create(data: NewCandidate, recruiter: Recruiter) {
    return this.prisma.$transaction(async (transaction) => {
      const candidate = await transaction.candidate.create({ data });
      await this.auditLog.record(recruiter, 'candidate.created', candidate.id, transaction);
      return candidate;
    });
  }

  change(id: string, data: CandidateChange, recruiter: Recruiter) {
    return this.prisma.$transaction(async (transaction) => {
      const candidate = await transaction.candidate.update({ where: { id }, data });
      await this.auditLog.record(recruiter, 'candidate.changed', id, transaction);
      return candidate;
    });
  }

  /** With every application and note, which is what a candidate may ask for. */
  async forget(id: string, recruiter: Recruiter): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      await transaction.application.deleteMany({ where: { candidateId: id } });
      await transaction.candidate.delete({ where: { id } });
      await this.auditLog.record(recruiter, 'candidate.forgotten', id, transaction);
    });
  }
}

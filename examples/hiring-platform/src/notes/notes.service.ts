import { Injectable } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import { ApplicationsService } from '../applications/applications.service.js';
import { AuditLogService } from '../audit-log/audit-log.service.js';
import type { Recruiter } from '../auth/recruiter.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { NewNote } from './note.js';

@Injectable()
export class NotesService {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly applications: ApplicationsService,
    private readonly auditLog: AuditLogService,
  ) {}

  async list(applicationId: string) {
    await this.applications.find(applicationId);
    return this.prisma.note.findMany({ where: { applicationId }, orderBy: { createdAt: 'asc' } });
  }

  create(applicationId: string, { text }: NewNote, author: Recruiter) {
    return this.prisma.$transaction(async (transaction) => {
      const note = await transaction.note.create({ data: { applicationId, authorId: author.sub, text } });
      await this.auditLog.record(author, 'note.created', note.id, transaction);
      return note;
    });
  }

  async delete(id: string, recruiter: Recruiter): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      await transaction.note.delete({ where: { id } });
      await this.auditLog.record(recruiter, 'note.deleted', id, transaction);
    });
  }
}

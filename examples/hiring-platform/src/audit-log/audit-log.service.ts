import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectTenantPrisma } from '@tenancy/prisma';
import { EntityManager, type Repository } from 'typeorm';
import type { Recruiter } from '../auth/recruiter.js';
import type { PrismaTransaction, TenantPrisma } from '../database/tenant-prisma.js';
import { AuditEntry, type AuditedAction } from './audit-entry.js';
import type { AuditLogPage } from './audit-log-page.js';

@Injectable()
export class AuditLogService {
  constructor(
    @InjectRepository(AuditEntry) private readonly entries: Repository<AuditEntry>,
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
  ) {}

  /** The entry of a write, in the transaction of the write: both are there, or neither. `transaction` is of the ORM that writes. */
  async record(
    { sub: recruiterId }: Recruiter,
    action: AuditedAction,
    recordId: string,
    transaction: EntityManager | PrismaTransaction,
  ): Promise<void> {
    const entry = { recruiterId, action, recordId };
    if (transaction instanceof EntityManager) await transaction.insert(AuditEntry, entry);
    else await transaction.auditEntry.create({ data: entry });
  }

  /** The latest first. Entries come through TypeORM, and the addresses of who made them through Prisma. */
  async list({ page, size }: AuditLogPage) {
    const [entries, total] = await this.entries.findAndCount({
      order: { at: 'DESC', id: 'DESC' },
      skip: (page - 1) * size,
      take: size,
    });
    const recruiters = await this.prisma.user.findMany({
      where: { id: { in: entries.map(({ recruiterId }) => recruiterId) } },
      select: { id: true, email: true },
    });
    const emails = new Map(recruiters.map(({ id, email }) => [id, email]));
    return { page, total, entries: entries.map((entry) => ({ ...entry, by: emails.get(entry.recruiterId) ?? null })) };
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { EntityManager, Repository } from 'typeorm';
import type { Recruiter } from '../auth/recruiter.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { AuditEntry, type AuditedAction } from './audit-entry.js';
import type { AuditLogPage } from './audit-log-page.js';

@Injectable()
export class AuditLogService {
  constructor(
    @InjectRepository(AuditEntry) private readonly entries: Repository<AuditEntry>,
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
  ) {}

  /**
   * Call it last in the transaction of the write itself, so that a write without an entry is undone. `manager` is that
   * transaction, where TypeORM has it. Prisma's is on a connection of its own, and cannot take the entry with it: if its
   * commit fails, there is an entry of a write that is not there.
   */
  async record(
    { sub: recruiterId }: Recruiter,
    action: AuditedAction,
    recordId: string,
    manager: EntityManager = this.entries.manager,
  ): Promise<void> {
    await manager.insert(AuditEntry, { recruiterId, action, recordId });
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

import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { JobChange, NewJob } from './job.js';

@Injectable()
export class JobsService {
  constructor(@InjectTenantPrisma() private readonly prisma: TenantPrisma) {}

  /** What the careers page shows. */
  listOpen() {
    return this.prisma.job.findMany({ where: { open: true }, orderBy: { title: 'asc' } });
  }

  async findOpen(id: string) {
    const job = await this.prisma.job.findFirst({ where: { id, open: true } });
    if (!job) throw new NotFoundException();
    return job;
  }

  create(data: NewJob) {
    return this.prisma.job.create({ data });
  }

  change(id: string, data: JobChange) {
    return this.prisma.job.update({ where: { id }, data });
  }
}

import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectPrisma, type TenantPrisma } from '../database/tenant-prisma.js';
import type { ApplicationChange, NewApplication } from './application.js';

@Injectable()
export class ApplicationsService {
  constructor(@InjectPrisma() private readonly prisma: TenantPrisma) {}

  list() {
    return this.prisma.application.findMany({ orderBy: { createdAt: 'asc' } });
  }

  async find(id: string) {
    const application = await this.prisma.application.findUnique({ where: { id } });
    if (!application) throw new NotFoundException();
    return application;
  }

  /** A job or candidate of another company is refused by the foreign key, as one that does not exist. */
  create(data: NewApplication) {
    return this.prisma.application.create({ data });
  }

  change(id: string, data: ApplicationChange) {
    return this.prisma.application.update({ where: { id }, data });
  }
}

import { Injectable } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import { ApplicationsService } from '../applications/applications.service.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { NewNote } from './note.js';

@Injectable()
export class NotesService {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly applications: ApplicationsService,
  ) {}

  async list(applicationId: string) {
    await this.applications.find(applicationId);
    return this.prisma.note.findMany({ where: { applicationId }, orderBy: { createdAt: 'asc' } });
  }

  create(applicationId: string, authorId: string, { text }: NewNote) {
    return this.prisma.note.create({ data: { applicationId, authorId, text } });
  }

  async delete(id: string): Promise<void> {
    await this.prisma.note.delete({ where: { id } });
  }
}

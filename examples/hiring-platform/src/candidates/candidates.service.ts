import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import type { CandidateChange, NewCandidate } from './candidate.js';

@Injectable()
export class CandidatesService {
  constructor(@InjectTenantPrisma() private readonly prisma: TenantPrisma) {}

  list() {
    return this.prisma.candidate.findMany({ orderBy: { name: 'asc' } });
  }

  async find(id: string) {
    const candidate = await this.prisma.candidate.findUnique({ where: { id } });
    if (!candidate) throw new NotFoundException();
    return candidate;
  }

  create(data: NewCandidate) {
    return this.prisma.candidate.create({ data });
  }

  change(id: string, data: CandidateChange) {
    return this.prisma.candidate.update({ where: { id }, data });
  }

  /** With every application and note, which is what a candidate may ask for. */
  async forget(id: string): Promise<void> {
    await this.prisma.$transaction([
      this.prisma.application.deleteMany({ where: { candidateId: id } }),
      this.prisma.candidate.delete({ where: { id } }),
    ]);
  }
}

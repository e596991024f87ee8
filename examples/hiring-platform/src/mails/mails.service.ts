import { Injectable } from '@nestjs/common';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';

export interface Letter {
  readonly recipient: string;
  readonly subject: string;
  /** Names the job or tick that writes it: tried again, it writes nothing more. */
  readonly writtenBy: string;
}

/** The letters of the current company, as they would go to its mail server. */
@Injectable()
export class MailsService {
  constructor(@InjectTenantPrisma() private readonly prisma: TenantPrisma) {}

  list() {
    return this.prisma.mail.findMany({ orderBy: { writtenAt: 'desc' }, take: 100 });
  }

  async write(letters: readonly Letter[]): Promise<void> {
    await this.prisma.mail.createMany({ data: [...letters], skipDuplicates: true });
  }
}

import { Processor, WorkerHost } from '@nestjs/bullmq';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { Job } from 'bullmq';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { MailsService } from './mails.service.js';

interface ApplicationReceived {
  readonly applicationId: string;
}

/** Writes to candidates. It names no company: each job runs as the one that has added it. */
@Processor('mails')
export class MailsProcessor extends WorkerHost {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly mails: MailsService,
  ) {
    super();
  }

  async process({ id = '', data }: Job<ApplicationReceived>): Promise<void> {
    const { candidate, job } = await this.prisma.application.findUniqueOrThrow({
      where: { id: data.applicationId },
      select: { candidate: true, job: true },
    });
    await this.mails.write([
      { recipient: candidate.email, subject: `Your application: ${job.title}`, writtenBy: `job ${id}` },
    ]);
  }
}

import { Injectable } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { TenantCron, type TenantTick } from '@tenancy/core/schedule';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { MailsService } from './mails.service.js';

/** Tells each company's recruiters every night how many applications wait for them. */
@Injectable()
export class NightlyDigest {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly mails: MailsService,
  ) {}

  @TenantCron('0 3 * * *', { timeZone: 'UTC', concurrency: 4 })
  async send(_company: Tenant, { at }: TenantTick): Promise<void> {
    const waiting = await this.prisma.application.count({ where: { stage: 'applied' } });
    const recruiters = await this.prisma.user.findMany({ select: { email: true } });
    await this.mails.write(
      recruiters.map(({ email }) => ({
        recipient: email,
        subject: `${waiting} applications wait for you`,
        writtenBy: `digest ${at.toISOString()}`,
      })),
    );
  }
}

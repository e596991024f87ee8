import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { TenantQueueAdmin } from '@tenancy/core/admin';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { JobsOptions, Queue } from 'bullmq';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { type Attempt, type Outcome } from './attempt.js';
import { OtherCompany } from './other-company.js';

/** Milliseconds that a worker has for the job. */
const PATIENCE = 20_000;

@Injectable()
export class ForgedJobAttempt implements Attempt {
  readonly id = 'forged-job';
  readonly title = 'A forged job';
  readonly does =
    "Writes a job into the queue behind the platform's back, which says that the other company has made it.";

  constructor(
    @InjectQueue('mails') private readonly queue: Queue,
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly admin: TenantQueueAdmin,
    private readonly others: OtherCompany,
  ) {}

  async run(_own: Tenant, other: Tenant): Promise<Outcome> {
    const { applications } = await this.others.idsOf(other);
    const jobId = `forged-${randomUUID()}`;
    // The stamp's form is no secret; the key that signs it is.
    const stamp = `v1.${Buffer.from(other.id).toString('base64url')}.${Math.floor(Date.now() / 1000)}.${'A'.repeat(43)}`;
    const { state, reason } = await this.admin.acrossTenants(
      { reason: 'an attempt in the attack console' },
      this.queue,
      async (raw) => {
        const options = { jobId, attempts: 1, removeOnFail: false, tenancy: stamp } as JobsOptions;
        await raw.add('application-received', { applicationId: applications[0] }, options);
        const ended = await endOf(raw, jobId);
        await raw.remove(jobId);
        return ended;
      },
    );
    const written = await this.others.as(other, () =>
      this.prisma.mail.count({ where: { writtenBy: { contains: jobId } } }),
    );
    const isRefused = state === 'failed' && reason.includes('tenant_required');
    return {
      request: `mails.add('application-received', { applicationId: <of the other> })\nstamp: v1.<the other>.<now>.<no signature of the platform>`,
      answer: `the job ${state}: ${reason.split(':')[0] || 'no reason'}\n${written} letters written`,
      refusedBy: isRefused && written === 0 ? 'queue stamp' : null,
      foreignRows: written,
      control: {
        says: `a worker took the job, and the other company has ${applications.length} applications it could have written about`,
        holds: state === 'failed' && applications.length > 0,
      },
    };
  }
}

async function endOf(queue: Queue, id: string): Promise<{ readonly state: string; readonly reason: string }> {
  for (const until = Date.now() + PATIENCE; Date.now() < until; await setTimeout(25)) {
    const state = await queue.getJobState(id);
    if (state !== 'failed' && state !== 'completed') continue;
    // Read once it has ended: its reason is there by then.
    return { state, reason: (await queue.getJob(id))?.failedReason ?? '' };
  }
  return { state: 'was taken by nobody', reason: '' };
}

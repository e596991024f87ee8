import { Injectable } from '@nestjs/common';
import { hashPassword } from '../auth/password.js';
import { prices } from '../billing/prices.js';
import { isolations } from '../database/isolation.js';
import type { PrismaClient } from '../generated/client.js';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { AdminPrisma } from './admin-prisma.js';
import { type DemoCompany, demoCompanies, demoId } from './demo-companies.js';

/** Two companies to try the platform with. Seeding adds what is missing, and neither changes nor deletes anything. */
@Injectable()
export class DemoData {
  constructor(
    private readonly admin: AdminPrisma,
    @InjectDeployment() private readonly deployment: Deployment,
  ) {}

  async seed(): Promise<void> {
    const { isolation, databaseUrl, ...deployment } = this.deployment;
    const role = decodeURIComponent(new URL(databaseUrl).username);
    await isolations[isolation].migrate({ ...deployment, role }, demoCompanies);
    for (const company of demoCompanies) {
      if (await this.admin.company.findUnique({ where: { id: company.id } })) continue;
      const prisma = this.admin.ofCompany(company);
      await this.#seedCompany(company, prisma).finally(() => prisma.$disconnect());
    }
  }

  async #seedCompany(company: DemoCompany, prisma: PrismaClient): Promise<void> {
    const { id: tenantId, slug, name } = company;
    const users = await Promise.all(
      company.recruiters.map(async ({ email, password, role }, index) => {
        return {
          tenantId,
          id: demoId(company, 'user', index),
          email,
          role,
          passwordHash: await hashPassword(password),
        };
      }),
    );
    await prisma.$transaction([
      prisma.$executeRaw`insert into public.company (id, slug, name) values (${tenantId}, ${slug}, ${name}) on conflict do nothing`,
      prisma.user.createMany({ data: users, skipDuplicates: true }),
      prisma.job.createMany({
        data: company.jobs.map((job, index) => ({ tenantId, id: demoId(company, 'job', index), ...job })),
        skipDuplicates: true,
      }),
      prisma.candidate.createMany({
        data: company.candidates.map((person, index) => ({
          tenantId,
          id: demoId(company, 'candidate', index),
          ...person,
        })),
        skipDuplicates: true,
      }),
      // Each candidate has applied for the job of the same number.
      prisma.application.createMany({
        data: company.candidates.map((_, index) => ({
          tenantId,
          id: demoId(company, 'application', index),
          jobId: demoId(company, 'job', index),
          candidateId: demoId(company, 'candidate', index),
        })),
        skipDuplicates: true,
      }),
      prisma.note.createMany({
        data: {
          tenantId,
          id: demoId(company, 'note', 0),
          applicationId: demoId(company, 'application', 0),
          authorId: demoId(company, 'user', 0),
          text: company.note,
        },
        skipDuplicates: true,
      }),
      ...this.#billing(company, prisma),
    ]);
  }

  /** TypeORM's tables, which Prisma's schema does not know: SQL lets one transaction take them with the rest. */
  #billing(company: DemoCompany, prisma: PrismaClient) {
    const { id: tenantId, jobs, service } = company;
    const invoice = (index: number, month: string, paidAt: string | null) => prisma.$executeRaw`
      insert into invoice (tenant_id, id, month, status, paid_at)
      values (${tenantId}, ${demoId(company, 'invoice', index)}::uuid, ${month}, ${paidAt ? 'paid' : 'open'}, ${paidAt}::timestamptz)
      on conflict do nothing`;
    const line = (index: number, of: number, description: string, cents: number, jobId: string | null = null) =>
      prisma.$executeRaw`
        insert into invoice_line (tenant_id, id, invoice_id, job_id, description, cents)
        values (${tenantId}, ${demoId(company, 'line', index)}::uuid, ${demoId(company, 'invoice', of)}::uuid, ${jobId}::uuid, ${description}, ${cents})
        on conflict do nothing`;
    return [
      invoice(0, '2026-09', '2026-10-05T09:00:00Z'),
      line(0, 0, 'Subscription', prices.subscription),
      line(1, 0, `Published: ${jobs[0].title}`, prices.publishedJob, demoId(company, 'job', 0)),
      invoice(1, '2026-10', null),
      line(2, 1, 'Subscription', prices.subscription),
      line(3, 1, service.name, service.cents),
      prisma.$executeRaw`
        insert into audit_entry (tenant_id, id, recruiter_id, action, record_id)
        values (${tenantId}, ${demoId(company, 'entry', 0)}::uuid, ${demoId(company, 'user', 0)}::uuid, 'note.created', ${demoId(company, 'note', 0)}::uuid)
        on conflict do nothing`,
    ];
  }
}

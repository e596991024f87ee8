import { Injectable } from '@nestjs/common';
import { hashPassword } from '../auth/password.js';
import { AdminPrisma } from './admin-prisma.js';
import { type DemoCompany, demoCompanies, demoId } from './demo-companies.js';

/** Two companies to try the platform with. Seeding adds what is missing, and neither changes nor deletes anything. */
@Injectable()
export class DemoData {
  constructor(private readonly prisma: AdminPrisma) {}

  async seed(): Promise<void> {
    for (const company of demoCompanies) await this.#seedCompany(company);
  }

  async #seedCompany(company: DemoCompany): Promise<void> {
    const { id: tenantId, slug, name } = company;
    const { prisma } = this;
    if (await prisma.company.findUnique({ where: { id: tenantId } })) return;
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
      prisma.company.createMany({ data: { id: tenantId, slug, name }, skipDuplicates: true }),
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
    ]);
  }
}

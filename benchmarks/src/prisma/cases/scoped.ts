import { tenantScoped } from '@tenancy/prisma';
import { candidates, newJob } from '../../scope/rows.js';
import type { OpenCase } from '../case.js';

/** `tenantScoped`, and no tenant in any operation. */
export const scoped: OpenCase = (prisma, context) => {
  const { job, office, candidate } = tenantScoped(prisma, { context });
  return {
    findMany: () => job.findMany({ where: { open: true }, orderBy: { id: 'asc' }, take: 20 }),
    findUnique: (id) => job.findUnique({ where: { id } }),
    include: (id) => office.findUnique({ where: { id }, include: { jobs: { include: { candidates: true } } } }),
    create: () => job.create({ data: newJob }),
    nestedCreate: () => job.create({ data: { ...newJob, candidates: { create: [...candidates] } } }),
    createMany: (jobs) => candidate.createMany({ data: jobs.map((jobId) => ({ ...candidates[0], jobId })) }),
  };
};

import { candidates, newJob } from '../../scope/rows.js';
import type { OpenCase } from '../case.js';

/** The tenant in every `where` and every row, written by hand. */
export const where: OpenCase = ({ job, office, candidate }, context) => ({
  findMany: () => job.findMany({ where: { tenantId: context.tenantId, open: true }, orderBy: { id: 'asc' }, take: 20 }),
  findUnique: (id) => job.findUnique({ where: { id, tenantId: context.tenantId } }),
  include: (id) => {
    const { tenantId } = context;
    return office.findUnique({
      where: { id, tenantId },
      include: { jobs: { where: { tenantId }, include: { candidates: { where: { tenantId } } } } },
    });
  },
  create: () => job.create({ data: { ...newJob, tenantId: context.tenantId } }),
  nestedCreate: () => {
    const { tenantId } = context;
    return job.create({
      data: {
        ...newJob,
        tenantId,
        candidates: { create: candidates.map((candidate) => ({ ...candidate, tenantId })) },
      },
    });
  },
  createMany: (jobs) => {
    const { tenantId } = context;
    return candidate.createMany({ data: jobs.map((jobId) => ({ ...candidates[0], tenantId, jobId })) });
  },
});

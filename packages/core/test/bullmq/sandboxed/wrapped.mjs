import { TenantContext } from '@tenancy/core';
import { tenantProcessor } from '@tenancy/core/bullmq';

const context = new TenantContext();

export default tenantProcessor(async (job) => {
  await job.updateProgress(50);
  await job.log(`as ${context.tenantId}`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (job.name === 'bad') throw new Error(`bounced ${context.tenantId}`);
  return {
    by: context.tenantId,
    slug: context.current().slug,
    id: job.id,
    opts: job.opts,
    stamp: 'tenancy' in job,
    pid: process.pid,
  };
});

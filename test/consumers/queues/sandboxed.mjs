import { TenantContext } from '@tenancy/core';
import { tenantProcessor } from '@tenancy/core/bullmq';

const context = new TenantContext();

export default tenantProcessor(async (job) => {
  await job.updateProgress(50);
  return { by: context.tenantId, id: job.id, stamp: JSON.stringify(job).includes('v1.') };
});

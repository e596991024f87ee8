export { fairnessSql } from './bullmq/fairness/postgres-schema.js';
export type { FairnessOption } from './bullmq/fairness/weights.js';
export { TenantBullModule } from './bullmq/tenant-bull.module.js';
export type { TenantBullAsyncOptions, TenantBullOptions, TenantQueueOptions } from './bullmq/tenant-bull.options.js';
export { tenantProcessor } from './bullmq/tenant-processor.js';

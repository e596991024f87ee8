import { createHmac } from 'node:crypto';
import type { TenantBullOptions } from '@tenancy/core/bullmq';
import { createPostgresBackend, setDefaultBackendFactory } from 'bullmq';
import type { Deployment } from '../settings/settings.module.js';

/** Queues in Redis where `REDIS_URL` names one, and otherwise in a schema of their own in the platform's database. */
export function queueOptions({ redisUrl, adminDatabaseUrl, jwtSecret }: Deployment): TenantBullOptions {
  // Whoever can write to the queues can make no job for a company.
  const secret = createHmac('sha256', jwtSecret).update('queues').digest('base64url');
  if (redisUrl !== null) {
    const { pathname } = new URL(adminDatabaseUrl);
    return { connection: { url: redisUrl }, prefix: `hiring${pathname.replaceAll('/', '-')}`, secret };
  }
  setDefaultBackendFactory(createPostgresBackend);
  const postgres = { connectionString: adminDatabaseUrl, schema: 'queues', migrate: true, max: 3 };
  return { connection: postgres as TenantBullOptions['connection'], secret };
}

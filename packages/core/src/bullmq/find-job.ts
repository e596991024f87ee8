import type { Tenant } from '../tenant.js';
import { stampedTenant } from './job-stamp.js';
import { storedIds } from './own-ids.js';
import type { Raw } from './raw.js';
import type { Wiring } from './wiring.js';

/** The job that `tenant` calls `id`; `undefined` for one of another tenant, as for one that does not exist. */
export async function findJob(queue: Raw, tenant: Tenant, id: unknown, wiring: Wiring): Promise<Raw | undefined> {
  if (typeof id !== 'string' || id === '') return undefined;
  for (const stored of storedIds(tenant.id, id)) {
    const job = (await queue['getJob'](stored)) as Raw | undefined;
    if (job && stampedTenant(queue['name'] as string, job, wiring.secrets) === tenant.id) return job;
  }
  return undefined;
}

/** The id that a job of `tenant` is stored under in any queue, such as that of a parent. */
export async function storedIdIn(
  client: Raw,
  qualifiedName: string,
  tenant: Tenant,
  id: string,
  { secrets }: Wiring,
): Promise<string | undefined> {
  for (const stored of storedIds(tenant.id, id)) {
    const found = await jobIn(client, qualifiedName, stored);
    if (found && stampedTenant(found.queueName, found.job, secrets) === tenant.id) return stored;
  }
  return undefined;
}

async function jobIn(client: Raw, qualifiedName: string, id: string): Promise<{ queueName: string; job: Raw } | null> {
  if (typeof client['getBackend'] === 'function') {
    const backend = (client as { getBackend(): Raw }).getBackend();
    const { prefix, queueName } = backend['parseNodeKey'](`${qualifiedName}:0`) as {
      prefix: string;
      queueName: string;
    };
    const job = (await backend['forQueue'](queueName, prefix)['getJobData'](id)) as Raw | undefined;
    return job ? { queueName, job: { ...job, id } } : null;
  }
  // BullMQ 5, which has no backends.
  const redis = (await client['client']) as { hmget(key: string, ...fields: string[]): Promise<(string | null)[]> };
  const [opts, scheduler] = await redis.hmget(`${qualifiedName}:${id}`, 'opts', 'rjk');
  if (opts == null) return null;
  const { de: deduplication, ...others } = JSON.parse(opts) as Raw;
  const job = { id, opts: { deduplication, ...others }, repeatJobKey: scheduler ?? undefined };
  return { queueName: qualifiedName.slice(qualifiedName.lastIndexOf(':') + 1), job };
}

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
  // No queue has a `:` in its name; PostgreSQL's have no prefix.
  const end = qualifiedName.lastIndexOf(':');
  const queueName = qualifiedName.slice(end + 1);
  if (typeof client['getBackend'] === 'function') {
    const prefix = end < 0 ? undefined : qualifiedName.slice(0, end);
    const backend = (client as { getBackend(): Raw }).getBackend()['forQueue'](queueName, prefix) as Raw;
    // What is looked at is what BullMQ will take for the parent, and nothing that only ends like it.
    if (backend['qualifiedName'] !== qualifiedName) return null;
    const job = (await backend['getJobData'](id)) as Raw | undefined;
    return job ? { queueName, job: { ...job, id } } : null;
  }
  // BullMQ 5, which has no backends.
  const redis = (await client['client']) as { hmget(key: string, ...fields: string[]): Promise<(string | null)[]> };
  const [opts, scheduler] = await redis.hmget(`${qualifiedName}:${id}`, 'opts', 'rjk');
  if (opts == null) return null;
  const { de: deduplication, ...others } = JSON.parse(opts) as Raw;
  return { queueName, job: { id, opts: { deduplication, ...others }, repeatJobKey: scheduler ?? undefined } };
}

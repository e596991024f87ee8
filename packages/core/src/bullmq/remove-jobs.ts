import type { RemovedJobs } from '../admin/tenant-queue-admin.js';
import { poolOf } from './fairness/backend.js';
import { forgetLane } from './fairness/forget-lane.js';
import { stampedTenant } from './job-stamp.js';
import { ownId } from './own-ids.js';
import type { Raw } from './raw.js';

/** So many jobs, with their data, are in memory at once. */
const PAGE = 500;

/** So often is looked again for jobs that came meanwhile: whoever adds without pause would have this go on without end. */
const LOOKS = 5;

/**
 * Removes what a tenant has in a queue: first the schedulers, which would make jobs again and whose runs BullMQ does not remove, then its jobs
 * in every state, and last its place among the turns of a fair queue, which has its id.
 *
 * A job is the tenant's whose stamp says so, signed or not: one that was made before there was a secret, or with one that is gone, has the
 * tenant's data as well.
 */
export async function removeJobs(queue: Raw, tenantId: string): Promise<RemovedJobs> {
  let removed = await removeSchedulers(queue, tenantId);
  let ids = await idsOf(queue, tenantId);
  let held: string[] = [];
  for (let looks = 0; looks < LOOKS; looks++) {
    const came = ids.size;
    held = await removeEach(queue, ids);
    removed += came - held.length + (await removeSchedulers(queue, tenantId));
    ids = await idsOf(queue, tenantId);
    // A job that was removed with its parent, or has ended meanwhile, is not among those of the next look.
    held = held.filter((id) => ids.has(id));
    if (ids.size === held.length && came === held.length) break;
    // A page or more, and no fewer than before: they come faster than they go.
    if (ids.size >= Math.max(PAGE, came)) break;
  }
  const added = ids.size - held.length;
  if (ids.size === 0) await forgetLane(queue, queue['name'] as string, tenantId);
  return { removed, held: held.length, added };
}

/** @returns those that BullMQ keeps */
async function removeEach(queue: Raw, ids: ReadonlySet<string>): Promise<string[]> {
  await leaveSchedulers(queue, ids);
  const kept: string[] = [];
  for (const id of ids) if ((await queue['remove'](id)) !== 1) kept.push(id);
  return kept;
}

async function removeSchedulers(queue: Raw, tenantId: string): Promise<number> {
  const schedulers = (await queue['getJobSchedulers'](0, -1)) as readonly { readonly key: string }[];
  const own = schedulers.filter(({ key }) => key.startsWith(ownId(tenantId, '')));
  for (const { key } of own) await queue['removeJobScheduler'](key);
  return own.length;
}

/** Lets go of runs of schedulers, which BullMQ refuses to remove on PostgreSQL even when the scheduler is gone. */
async function leaveSchedulers(queue: Raw, ids: ReadonlySet<string>): Promise<void> {
  await poolOf(queue)?.query('UPDATE job SET scheduler_id = NULL WHERE queue = $1 AND id = ANY ($2::text[])', [
    queue['name'],
    [...ids],
  ]);
}

/** All ids before any is removed, as what is removed moves the pages. */
async function idsOf(queue: Raw, tenantId: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const state of STATES) {
    for (let start = 0; ; start += PAGE) {
      const jobs = (await queue['getJobs']([state], start, start + PAGE - 1)) as readonly (Raw | undefined)[];
      for (const job of jobs) {
        if (job && stampedTenant(queue['name'] as string, job, []) === tenantId) ids.add(job['id'] as string);
      }
      if (jobs.length < PAGE) break;
    }
  }
  return ids;
}

const STATES = ['waiting', 'prioritized', 'delayed', 'waiting-children', 'active', 'completed', 'failed'];
